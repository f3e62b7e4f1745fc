//! The tops of all trees, as what is to be done with a block of rows.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::columns::Columns;
use super::crown::Crown;
use super::layout::{Node, Nodes};
use super::ranks::{MOST, Ranking};
use super::weights::Tables;

/// A comparison of ranks: where that of the row is above `rank`, `bits` are cleared. Both bytes are repeated four times.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Entry {
    /// Which ranking of the run.
    pub(super) ranking: u32,
    pub(super) rank: u32,
    pub(super) bits: u32,
}

/// The top of one tree within the program.
#[derive(Debug, Clone)]
pub(super) struct Top {
    /// Its planes; plane `n` ends at entry `ends[n + 1]`, where the next begins.
    pub(super) planes: Range<u32>,
    /// Where the program's `exits` begin to be its own.
    pub(super) first: u32,
    /// How many decisions follow after an exit, at most.
    pub(super) rest: u32,
}

/// Some trees in a row whose thresholds are ranked together.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) rankings: Vec<Ranking>,
    pub(super) trees: Range<usize>,
}

/// What is to be done with a block of rows, tree by tree.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) entries: Vec<Entry>,
    pub(super) ends: Vec<u32>,
    pub(super) tops: Vec<Top>,
    /// Where each exit of each top leads: to a leaf, by what it adds, or where decisions follow in that tree to a node.
    pub(super) exits: Vec<u32>,
    pub(super) runs: Vec<Run>,
    /// The weights of the exits, where they fit into tables.
    pub(super) tables: Option<Tables>,
}

impl Program {
    /// The program of the trees that have the tops `crowns` and the `nodes`.
    pub(super) fn new<N: Node>(crowns: &[Crown], columns: &Columns, nodes: &Nodes<N>) -> Self {
        let mut program =
            Self { entries: Vec::new(), ends: vec![0], tops: Vec::new(), exits: Vec::new(), runs: Vec::new(), tables: None };
        let mut first = 0;
        while first < crowns.len() {
            let (end, thresholds) = run(crowns, first);
            program.push(&crowns[first..end], thresholds, columns);
            first = end;
        }
        program.lead(crowns, nodes);
        program
    }

    fn push(&mut self, crowns: &[Crown], thresholds: FxHashMap<u32, Vec<f32>>, columns: &Columns) {
        let mut found: Vec<_> = thresholds.into_iter().collect();
        found.sort_unstable_by_key(|(column, _)| *column);
        let numbers: FxHashMap<u32, u32> = found.iter().zip(0..).map(|((column, _), number)| (*column, number)).collect();
        let rankings: Vec<_> =
            found.iter().map(|(column, thresholds)| Ranking::new(&columns.list[*column as usize], thresholds)).collect();
        let first = self.tops.len();
        for crown in crowns {
            let planes = self.ends.len() as u32 - 1;
            for plane in &crown.planes {
                for clearing in plane {
                    let ranking = numbers[&clearing.column];
                    let thresholds = &found[ranking as usize].1;
                    let rank = thresholds.partition_point(|threshold| *threshold < clearing.threshold);
                    let rank = rankings[ranking as usize].byte(rank);
                    self.entries.push(Entry { ranking, rank: splat(rank), bits: splat(clearing.bits) });
                }
                self.ends.push(self.entries.len() as u32);
            }
            let planes = planes..self.ends.len() as u32 - 1;
            self.tops.push(Top { planes, first: 0, rest: crown.rest });
        }
        self.runs.push(Run { rankings, trees: first..self.tops.len() });
    }

    /// Notes where exits lead.
    fn lead<N: Node>(&mut self, crowns: &[Crown], nodes: &Nodes<N>) {
        for (tree, (crown, top)) in crowns.iter().zip(&mut self.tops).enumerate() {
            top.first = self.exits.len() as u32;
            let deep = top.rest > 0;
            self.exits.extend(crown.exits.iter().map(|exit| nodes.place(tree, *exit, deep)));
        }
    }

    /// How many columns a run ranks at most.
    pub(super) fn most_rankings(&self) -> usize {
        self.runs.iter().map(|run| run.rankings.len()).max().unwrap_or(0)
    }

    pub(super) fn bytes(&self) -> usize {
        let rankings: usize = self.runs.iter().flat_map(|run| &run.rankings).map(Ranking::bytes).sum();
        size_of_val(self.entries.as_slice())
            + size_of_val(self.ends.as_slice())
            + size_of_val(self.tops.as_slice())
            + rankings
            + self.tables.as_ref().map_or(0, Tables::bytes)
    }
}

/// Where the run that begins with tree `first` ends, and its thresholds, sorted, column by column.
fn run(crowns: &[Crown], first: usize) -> (usize, FxHashMap<u32, Vec<f32>>) {
    let mut thresholds: FxHashMap<u32, Vec<f32>> = FxHashMap::default();
    for (number, crown) in crowns.iter().enumerate().skip(first) {
        let mut added: Vec<(u32, f32)> = Vec::new();
        for clearing in crown.planes.iter().flatten() {
            let known = thresholds.entry(clearing.column).or_default();
            if let Err(place) = known.binary_search_by(|known| known.total_cmp(&plain(clearing.threshold))) {
                known.insert(place, plain(clearing.threshold));
                added.push((clearing.column, plain(clearing.threshold)));
            }
        }
        if number > first && added.iter().any(|(column, _)| thresholds[column].len() > MOST) {
            for (column, threshold) in added {
                if let Some(known) = thresholds.get_mut(&column) {
                    known.retain(|known| known.to_bits() != threshold.to_bits());
                }
            }
            thresholds.retain(|_, known| !known.is_empty());
            return (number, thresholds);
        }
    }
    (crowns.len(), thresholds)
}

/// The threshold without a sign where it is zero.
fn plain(threshold: f32) -> f32 {
    threshold + 0.0
}

fn splat(byte: u8) -> u32 {
    u32::from_ne_bytes([byte; 4])
}
