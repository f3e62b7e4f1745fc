//! What steps do at their edges.

use super::*;

fn made(what: What, rounds: bool, known: &[f64], rows: usize) -> Vec<f64> {
    let step = Step { what, rounds };
    let mut out = vec![7.0; step.columns() * rows];
    step.run(known, rows, &mut out, Level::Plain);
    out
}

#[test]
fn a_place_counts_from_either_end_and_is_nan_outside() {
    let known = [0.0, 2.0, -1.0, -3.0, 3.0, -4.0, f64::NAN];
    let found = made(What::Place(Column::Slot(0), vec![5.0, 6.0, 7.0]), false, &known, 7);
    assert_eq!(found[..4], [5.0, 7.0, 7.0, 5.0]);
    assert!(found[4..].iter().all(|number| number.is_nan()));
}

#[test]
fn both_zeros_and_every_nan_are_one_key() {
    let numbers = [(key(0.0), 1.0), (key(f64::NAN), 2.0)].into_iter().collect();
    let known = [0.0, -0.0, f64::NAN, -f64::NAN, 1.0];
    assert_eq!(made(What::Lookup(Column::Slot(0), numbers, 9.0), false, &known, 5), [1.0, 1.0, 2.0, 2.0, 9.0]);
}

#[test]
fn of_equal_columns_the_first_is_the_largest() {
    let columns = vec![Column::Slot(0), Column::Number(2.0), Column::Slot(1)];
    assert_eq!(made(What::Many(Many::PlaceOfMost, columns), false, &[1.0, 2.0, 3.0, 2.0, 9.0, 3.0], 3), [1.0, 2.0, 0.0]);
}

#[test]
fn a_choice_takes_no_number_from_the_side_that_is_not_chosen() {
    let what = What::Choose(Column::Slot(0), Column::Number(f64::NAN), Column::Slot(1));
    let chosen = made(what, false, &[0.0, 1.0, 4.0, 5.0], 2);
    assert!(chosen[0] == 4.0 && chosen[1].is_nan());
}

#[test]
fn float32_is_rounded_to_after_each_step() {
    let what = |rounds| made(What::Binary(Binary::Add, Column::Slot(0), Column::Number(1e-9)), rounds, &[1.0], 1)[0];
    assert_eq!((what(true), what(false)), (1.0, 1.0 + 1e-9));
}

#[test]
fn nothing_divided_by_nothing_stays_nothing_where_shares_are_made() {
    assert_eq!(made(What::Binary(Binary::Share, Column::Slot(0), Column::Slot(1)), false, &[0.0, 3.0, 0.0, 4.0], 2), [0.0, 0.75]);
}
