-- For wrk: asks for customers in turn, judges every answer, and notes when a worker's version changed.
-- Arguments: the path before the id; a file with lines "id<TAB>version<TAB>probability" that are right; a file for what was found.

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long nanoseconds; } moment; int clock_gettime(int clock, moment *now);")

-- One thread's own variables; wrk hands only plain ones on to done().
changes, statuses, bad, example, result = "", "", 0, "", ""

local now, path, ids, right, last, counted, threads = ffi.new("moment"), "", {}, {}, {}, {}, {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  path, result = args[1], args[3]
  local seen = {}
  for line in io.lines(args[2]) do
    local id, version, value = line:match("^(%d+)\t(%d+)\t(%S+)$")
    right[id .. " " .. version] = tonumber(value)
    if not seen[id] then
      seen[id] = true
      table.insert(ids, id)
    end
  end
end

local asked = 0

-- The workers share one socket, and whoever is free takes a connection: now and then a new one, so that all have some.
local again = { Connection = "close" }

function request()
  asked = asked + 1
  return wrk.format("GET", path .. ids[asked % #ids + 1], asked % 100 == 0 and again or nil)
end

local function judge(headers, body)
  local id = body:match('^{"id":(%d+),')
  if path == "/plain/" then return id ~= nil and body:match('"profile":{.*}}$') ~= nil end
  local value, version = body:match('"churn":{"churn_probability":([^,}]+),"version":(%d+),"variant":null}}$')
  if not id or not value or right[id .. " " .. version] ~= tonumber(value) then return false end
  local worker = headers["x-worker"]
  if last[worker] ~= version then
    last[worker] = version
    ffi.C.clock_gettime(0, now)
    changes = changes .. string.format("%s %s %.6f\n", worker, version, tonumber(now.seconds) + tonumber(now.nanoseconds) / 1e9)
  end
  return true
end

function response(status, headers, body)
  if status ~= 200 then
    counted[status] = (counted[status] or 0) + 1
    statuses = ""
    for code, times in pairs(counted) do statuses = statuses .. string.format("%d %d\n", code, times) end
  elseif not judge(headers, body) then
    bad, example = bad + 1, body
  end
end

function done(summary, latency)
  local thread, errors = threads[1], summary.errors
  local out = assert(io.open(thread:get("result"), "w"))
  out:write("requests ", summary.requests, "\nseconds ", summary.duration / 1e6, "\n")
  out:write("lost ", errors.connect + errors.read + errors.write + errors.timeout, "\nbad ", thread:get("bad"), "\n")
  out:write("p50 ", latency:percentile(50) / 1e6, "\np99 ", latency:percentile(99) / 1e6, "\nmax ", latency.max / 1e6, "\n")
  if thread:get("example") ~= "" then out:write("example ", thread:get("example"), "\n") end
  for line in thread:get("statuses"):gmatch("[^\n]+") do out:write("status ", line, "\n") end
  for line in thread:get("changes"):gmatch("[^\n]+") do out:write("change ", line, "\n") end
  out:close()
end
