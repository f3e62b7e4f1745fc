//! Runs one hot path so that callgrind can count its instructions; `make verify-instructions` calls it.
//!
//! Without arguments it prints the paths, one a line: rows of a run, a tab, the name. With a name and a number it runs that path so often.

#![allow(clippy::expect_used, reason = "a program that cannot go on ends")]

use std::hint::black_box;

use prisml_core::Level;

#[path = "../benches/paths/mod.rs"]
mod paths;

/// What callgrind counts: `--toggle-collect` names it.
#[inline(never)]
fn prisml_counted(run: &mut dyn FnMut() -> f64) -> f64 {
    run()
}

fn main() {
    // Valgrind knows no AVX-512.
    let mut paths = paths::hot_paths(Level::Plain);
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        for path in &paths {
            println!("{}\t{}", path.rows, path.name);
        }
        return;
    };
    let times: usize = arguments.next().and_then(|times| times.parse().ok()).expect("a number of runs");
    let path = paths.iter_mut().find(|path| path.name == name).expect("a path that there is");
    // What is made on first use is made here.
    black_box((path.run)());
    for _ in 0..times {
        black_box(prisml_counted(&mut path.run));
    }
}
