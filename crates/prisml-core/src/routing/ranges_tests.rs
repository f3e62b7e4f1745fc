//! What holds for every set of weights and every change of them.

use proptest::prelude::*;

use super::ranges::owners;
use super::*;

const ALL: usize = BUCKETS as usize;

fn start() -> Vec<Vec<Range>> {
    vec![vec![(0, BUCKETS)]]
}

/// Counts of buckets that sum to 10,000, for as many variants as `parts` has.
fn counts(parts: &[u16]) -> Vec<u16> {
    let sum: f64 = parts.iter().map(|part| f64::from(*part)).sum();
    largest_remainder(&parts.iter().map(|part| f64::from(*part) / sum).collect::<Vec<_>>()).unwrap()
}

fn sizes(ranges: &[Vec<Range>]) -> Vec<u16> {
    ranges.iter().map(|all| all.iter().map(|(start, end)| end - start).sum()).collect()
}

fn moved(old: &[Vec<Range>], new: &[Vec<Range>]) -> Vec<(u16, u16)> {
    let (old, new) = (owners(old).unwrap(), owners(new).unwrap());
    old.into_iter().zip(new).filter(|(from, to)| from != to).collect()
}

/// What any history of ramps, with variants added on the way, leads to.
fn history() -> impl Strategy<Value = Vec<Vec<u16>>> {
    prop::collection::vec(prop::collection::vec(1_u16..1_000, 1..6), 1..5).prop_map(|mut steps| {
        steps.sort_by_key(Vec::len);
        steps.iter().map(|parts| counts(parts)).collect()
    })
}

proptest! {
    #[test]
    fn counts_are_the_weights_to_less_than_a_bucket(parts in prop::collection::vec(0_u16..2_000, 1..40)) {
        prop_assume!(parts.iter().any(|part| *part > 0));
        let sum: f64 = parts.iter().map(|part| f64::from(*part)).sum();
        let weights: Vec<f64> = parts.iter().map(|part| f64::from(*part) / sum).collect();
        let counts = largest_remainder(&weights).unwrap();
        prop_assert_eq!(counts.iter().map(|count| usize::from(*count)).sum::<usize>(), ALL);
        for (count, weight) in counts.iter().zip(&weights) {
            prop_assert!((f64::from(*count) - 10_000.0 * weight).abs() < 1.0);
        }
        // A larger weight never has fewer buckets, and of equal ones the first has no fewer.
        for (first, second) in (0..parts.len()).flat_map(|second| (0..second).map(move |first| (first, second))) {
            if parts[first] >= parts[second] {
                prop_assert!(counts[first] >= counts[second]);
            }
            if parts[first] < parts[second] {
                prop_assert!(counts[first] <= counts[second]);
            }
        }
    }

    #[test]
    fn after_every_change_each_bucket_has_one_variant_and_each_variant_what_was_asked(steps in history()) {
        let mut now = start();
        for counts in steps {
            let next = reallocate(&now, &counts).unwrap();
            prop_assert_eq!(sizes(&next), counts.clone());
            prop_assert_eq!(owners(&next).unwrap().len(), ALL);
            for all in &next {
                prop_assert!(all.windows(2).all(|pair| pair[0].1 < pair[1].0), "sorted and merged");
            }
            let shrinkage: usize = sizes(&now).iter().zip(&counts).map(|(old, new)| usize::from(old.saturating_sub(*new))).sum();
            prop_assert_eq!(moved(&now, &next).len(), shrinkage);
            now = next;
        }
    }

    #[test]
    fn where_only_control_shrinks_nobody_leaves_a_treatment(steps in history(), shares in prop::collection::vec(0_u16..500, 6)) {
        let mut now = start();
        for counts in steps {
            now = reallocate(&now, &counts).unwrap();
        }
        // Control gives a part of what it has to each of the others, and to one that is new.
        let mut counts = sizes(&now);
        counts.push(0);
        for (variant, share) in (1..counts.len()).zip(&shares) {
            let given = (u32::from(counts[0]) * u32::from(*share) / 5_000) as u16;
            counts[0] -= given;
            counts[variant] += given;
        }
        let next = reallocate(&now, &counts).unwrap();
        prop_assert!(moved(&now, &next).iter().all(|(from, _)| *from == 0));
    }

    #[test]
    fn the_same_counts_move_nothing(steps in history()) {
        let mut now = start();
        for counts in steps {
            now = reallocate(&now, &counts).unwrap();
            prop_assert_eq!(&reallocate(&now, &counts).unwrap(), &now);
        }
    }

    #[test]
    fn a_key_gets_the_variant_of_its_bucket_unless_it_is_given_one(parts in prop::collection::vec(1_u16..9, 2..5), salt: String, key: String) {
        let ranges = reallocate(&start(), &counts(&parts)).unwrap();
        let here = |variant: u16| ranges[usize::from(variant)].iter().any(|(start, end)| (*start..*end).contains(&bucket(&salt, &key)));
        let routing = Routing::new(&salt, &ranges, []).unwrap();
        prop_assert!(here(routing.assign(&key)));
        for variant in 0..parts.len() as u16 {
            prop_assert_eq!(Routing::new(&salt, &ranges, [(key.clone(), variant)]).unwrap().assign(&key), variant);
        }
    }
}

#[test]
fn equal_remainders_go_to_the_first_variants() {
    assert_eq!(largest_remainder(&[1.0 / 3.0; 3]).unwrap(), [3_334, 3_333, 3_333]);
    assert_eq!(largest_remainder(&[1.0 / 7.0; 7]).unwrap(), [1_429, 1_429, 1_429, 1_429, 1_428, 1_428, 1_428]);
    // In floating point 0.99985 * 10,000 is a little above its half bucket, 0.00015 * 10,000 a little below.
    assert_eq!(largest_remainder(&[0.00015, 0.99985]).unwrap(), [2, 9_998]);
    assert_eq!(largest_remainder(&[0.99985, 0.00015]).unwrap(), [9_999, 1]);
}

#[test]
fn weights_that_are_none_are_refused() {
    for weights in [&[][..], &[0.5], &[0.5, 0.6], &[1.5, -0.5], &[f64::NAN, 1.0], &[f64::INFINITY]] {
        assert_eq!(largest_remainder(weights), Err(Error::Weights), "{weights:?}");
    }
}

#[test]
fn weights_sum_to_one_within_a_billionth() {
    assert_eq!(largest_remainder(&[0.5, 0.5 + 0.9e-9]).unwrap(), [5_000, 5_000]);
    assert_eq!(largest_remainder(&[0.5, 0.5 - 0.9e-9]).unwrap(), [5_000, 5_000]);
    for apart in [1.1e-9, -1.1e-9] {
        assert_eq!(largest_remainder(&[0.5, 0.5 + apart]), Err(Error::Weights), "{apart}");
    }
}

#[test]
fn there_are_as_many_variants_as_buckets_and_no_more() {
    assert_eq!(largest_remainder(&vec![1e-4; ALL]).unwrap(), vec![1; ALL]);
    assert_eq!(largest_remainder(&vec![1.0 / 10_001.0; ALL + 1]), Err(Error::Weights));
    let each = reallocate(&start(), &vec![1; ALL]).unwrap();
    assert!(each.iter().zip(0_u16..).all(|(own, place)| *own == [(place, place + 1)]), "one after another");
    assert_eq!(reallocate(&each, &vec![1; ALL]).unwrap(), each);
    let mut all_to_one = vec![0; ALL];
    all_to_one[ALL - 1] = BUCKETS;
    assert_eq!(reallocate(&each, &all_to_one).unwrap()[ALL - 1], [(0, BUCKETS)]);
    assert!(matches!(reallocate(&start(), &[all_to_one, vec![0]].concat()), Err(Error::Ranges(_))));
}

#[test]
fn a_third_variant_takes_from_control_alone() {
    let two = reallocate(&start(), &[8_000, 2_000]).unwrap();
    assert_eq!(two, [[(0, 8_000)], [(8_000, 10_000)]]);
    let three = reallocate(&two, &[7_000, 2_000, 1_000]).unwrap();
    assert_eq!(three, [[(0, 7_000)], [(8_000, 10_000)], [(7_000, 8_000)]]);
}

#[test]
fn a_ramp_up_and_down_again_ends_where_it_began() {
    let small = reallocate(&start(), &[8_500, 1_000, 500]).unwrap();
    let up = reallocate(&small, &[4_000, 3_000, 3_000]).unwrap();
    assert_eq!(reallocate(&up, &[8_500, 1_000, 500]).unwrap(), small);
}

#[test]
fn ranges_that_leave_a_bucket_out_or_give_it_twice_are_refused() {
    let damaged: [&[Vec<Range>]; 6] = [
        &[],
        &[vec![(0, 9_999)]],
        &[vec![(0, 5_000)], vec![(4_999, 10_000)]],
        &[vec![(0, 10_000), (3, 3)]],
        &[vec![(0, 10_001)]],
        &[vec![(10_000, 0)]],
    ];
    for ranges in damaged {
        assert!(matches!(Routing::new("", ranges, []), Err(Error::Ranges(_))), "{ranges:?}");
        assert!(matches!(reallocate(ranges, &[10_000]), Err(Error::Ranges(_))), "{ranges:?}");
    }
    assert!(matches!(reallocate(&start(), &[9_999]), Err(Error::Ranges(_))));
    assert!(matches!(reallocate(&start(), &[]), Err(Error::Ranges(_))));
    let many = vec![vec![]; 100_000];
    assert!(matches!(owners(&many), Err(Error::Ranges(_))));
    assert!(matches!(reallocate(&start(), &[vec![BUCKETS], vec![0; 100_000]].concat()), Err(Error::Ranges(_))));
    assert!(matches!(Routing::new("", &start(), [("a".to_owned(), 1)]), Err(Error::Ranges(_))));
}
