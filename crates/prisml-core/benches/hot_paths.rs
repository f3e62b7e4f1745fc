//! The hot paths, timed: `cargo bench --package prisml-core`.

#![allow(missing_docs, clippy::expect_used, reason = "a benchmark that cannot go on ends")]

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use prisml_core::Level;

mod paths;

fn time_all(criterion: &mut Criterion) {
    let best = Level::best();
    for level in [Level::Plain, Level::Avx2, Level::Avx512].into_iter().filter(|level| *level <= best) {
        let mut group = criterion.benchmark_group(level.name());
        group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
        for mut path in paths::hot_paths(level) {
            group.throughput(Throughput::Elements(path.rows as u64));
            group.bench_function(path.name, |bencher| bencher.iter(&mut path.run));
        }
        group.finish();
    }
}

criterion_group!(benches, time_all);
criterion_main!(benches);
