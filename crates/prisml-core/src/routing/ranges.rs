//! Weights -> counts of buckets -> ranges of buckets, moved as little as can be.

use crate::error::{Error, Result};
use crate::routing::hash::BUCKETS;

/// Buckets from the first up to, and without, the second.
pub type Range = (u16, u16);

/// A ten-thousandth of a weight is a bucket; remainders are compared in millionths of one, below which floating point decides.
const PARTS: u64 = 1_000_000;
const CONTROL: u16 = 0;
const NOBODY: u16 = u16::MAX;

/// How many of the 10,000 buckets each of `weights` gets: its share rounded down, and one more where the remainder is largest.
///
/// Of equal remainders the first ones win. The weights sum to 1, within 1e-9: anything else is [`Error::Weights`].
pub fn largest_remainder(weights: &[f64]) -> Result<Vec<u16>> {
    let sum: f64 = weights.iter().sum();
    if !weights.iter().all(|weight| (0.0..=1.0).contains(weight))
        || (sum - 1.0).abs() > 1e-9
        || weights.len() > usize::from(BUCKETS)
    {
        return Err(Error::Weights);
    }
    let shares: Vec<u64> = weights.iter().map(|weight| (weight * f64::from(BUCKETS) * PARTS as f64).round() as u64).collect();
    let mut counts: Vec<u16> = shares.iter().map(|share| (share / PARTS) as u16).collect();
    let given: u16 = counts.iter().sum();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(shares[*index] % PARTS));
    for index in order.into_iter().take(usize::from(BUCKETS - given)) {
        counts[index] += 1;
    }
    Ok(counts)
}

/// The ranges of each variant once it has as many buckets as `counts` says, where it has those of `old` now.
///
/// Where control, the first, shrinks it gives up its highest buckets, and any other its lowest; those that grow take from these alone,
/// the first variant first, the lowest bucket first. So no bucket moves that need not; where only control shrinks, none moves but from
/// control; and a treatment that is ramped up and down again has the buckets that it had. `counts` may have more variants than `old`:
/// they start with nothing.
pub fn reallocate(old: &[Vec<Range>], counts: &[u16]) -> Result<Vec<Vec<Range>>> {
    let total: u32 = counts.iter().map(|count| u32::from(*count)).sum();
    if total != u32::from(BUCKETS) || counts.len() < old.len() || counts.len() > usize::from(BUCKETS) {
        return Err(Error::Ranges(format!("{} variants of {total} buckets are wanted of {}", counts.len(), old.len())));
    }
    let mut owners = owners(old)?;
    let mut wanted: Vec<i32> = counts.iter().map(|count| i32::from(*count)).collect();
    for owner in &owners {
        wanted[usize::from(*owner)] -= 1;
    }
    let mut free = |owner: &mut u16| {
        let more = &mut wanted[usize::from(*owner)];
        if *more < 0 {
            *more += 1;
            *owner = NOBODY;
        }
    };
    owners.iter_mut().rev().filter(|owner| **owner == CONTROL).for_each(&mut free);
    owners.iter_mut().filter(|owner| **owner != CONTROL && **owner != NOBODY).for_each(&mut free);
    let mut takers = wanted.iter().zip(0..).flat_map(|(more, variant)| std::iter::repeat_n(variant, (*more).max(0) as usize));
    for (owner, taker) in owners.iter_mut().filter(|owner| **owner == NOBODY).zip(&mut takers) {
        *owner = taker;
    }
    Ok(ranges(&owners, counts.len()))
}

/// The variant that each of the 10,000 buckets belongs to; [`Error::Ranges`] unless every bucket has one, and only one.
pub(crate) fn owners(ranges: &[Vec<Range>]) -> Result<Vec<u16>> {
    let damaged = |what: &str, bucket: u16| Error::Ranges(format!("{what} at bucket {bucket}"));
    if ranges.len() > usize::from(BUCKETS) {
        return Err(Error::Ranges(format!("{} variants", ranges.len())));
    }
    let mut owners = vec![NOBODY; usize::from(BUCKETS)];
    for (variant, &(start, end)) in (0..NOBODY).zip(ranges).flat_map(|(variant, all)| all.iter().map(move |range| (variant, range)))
    {
        if start >= end || end > BUCKETS {
            return Err(damaged("a range that is none", start));
        }
        for bucket in start..end {
            let owner = &mut owners[usize::from(bucket)];
            if *owner != NOBODY {
                return Err(damaged("two variants", bucket));
            }
            *owner = variant;
        }
    }
    match (0..BUCKETS).zip(&owners).find(|(_, owner)| **owner == NOBODY) {
        Some((bucket, _)) => Err(damaged("no variant", bucket)),
        None => Ok(owners),
    }
}

fn ranges(owners: &[u16], variants: usize) -> Vec<Vec<Range>> {
    let mut found = vec![Vec::new(); variants];
    let mut start = 0;
    for run in owners.chunk_by(|one, next| one == next) {
        let end = start + run.len() as u16;
        found[usize::from(run[0])].push((start, end));
        start = end;
    }
    found
}
