//! Nodes of trees from end to end; what they mean is compared with ONNX Runtime's answers by the tests in Python.

use proptest::prelude::*;

use super::{Trees, compile};
use crate::native::Level;
use crate::onnx::{Attribute, Node, Numbers, Tensor};
use crate::scorer::Take;

const WIDTH: usize = 2;

fn node(op: &str, attributes: Vec<(&str, Attribute)>) -> Node {
    Node {
        op: op.to_owned(),
        domain: "ai.onnx.ml".to_owned(),
        attributes: attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Node::default()
    }
}

fn ints(values: &[i64]) -> Attribute {
    Attribute::Ints(values.to_vec())
}

fn text(value: &str) -> Attribute {
    Attribute::Text(value.as_bytes().to_vec())
}

fn texts(values: &[&str]) -> Attribute {
    Attribute::Texts(values.iter().map(|value| value.as_bytes().to_vec()).collect())
}

fn floats(values: &[f32]) -> Attribute {
    Attribute::Floats(values.to_vec())
}

/// One decision with the leaves 10 and 20; `changed` replaces attributes.
fn stump(changed: Vec<(&str, Attribute)>) -> Node {
    let mut lists = vec![
        ("nodes_treeids", ints(&[7, 7, 7])),
        ("nodes_nodeids", ints(&[0, 1, 2])),
        ("nodes_featureids", ints(&[0, 0, 0])),
        ("nodes_modes", texts(&["BRANCH_LEQ", "LEAF", "LEAF"])),
        ("nodes_values", floats(&[1.5, 0.0, 0.0])),
        ("nodes_truenodeids", ints(&[1, 0, 0])),
        ("nodes_falsenodeids", ints(&[2, 0, 0])),
        ("target_ids", ints(&[0, 0])),
        ("target_nodeids", ints(&[1, 2])),
        ("target_treeids", ints(&[7, 7])),
        ("target_weights", floats(&[10.0, 20.0])),
        ("n_targets", Attribute::Int(1)),
    ];
    lists.extend(changed);
    node("TreeEnsembleRegressor", lists)
}

fn compiled(node: &Node) -> Result<Trees, String> {
    compile(node, WIDTH, None, Take::All, Level::Plain).map_err(|refused| refused.to_string())
}

fn answers(trees: &Trees, cells: &[f32]) -> Vec<f64> {
    let matrix: Vec<f32> = cells.iter().flat_map(|cell| [*cell, 0.0]).collect();
    let mut out = vec![f64::NAN; cells.len() * trees.outputs()];
    trees.score(&matrix, &mut out);
    out
}

#[test]
fn a_stump_answers_with_the_leaf_of_its_side() {
    let trees = compiled(&stump(Vec::new())).unwrap();
    assert!(trees.describe().starts_with("1 tree of at most 2 leaves"));
    assert_eq!(answers(&trees, &[1.0, 1.5, 1.500_000_1, f32::NAN]), [10.0, 10.0, 20.0, 20.0]);
}

#[test]
fn a_threshold_of_float64_decides_float32_cells_by_its_own_value() {
    let mut node = stump(Vec::new());
    node.attributes.remove("nodes_values");
    let between = f64::midpoint(1.5, f64::from(1.5_f32.next_up()));
    let tensor = Tensor { dims: vec![3], numbers: Numbers::Double(vec![between, 0.0, 0.0]) };
    node.attributes.insert("nodes_values_as_tensor".to_owned(), Attribute::Tensor(tensor));
    let trees = compiled(&node).unwrap();
    assert_eq!(answers(&trees, &[1.5, 1.5_f32.next_up()]), [10.0, 20.0]);
}

#[test]
fn fills_stand_for_nan_and_for_nothing_else() {
    let trees = compile(&stump(Vec::new()), WIDTH, Some(&[1.0, 0.0]), Take::All, Level::Plain).unwrap();
    assert_eq!(answers(&trees, &[f32::NAN, 2.0]), [10.0, 20.0]);
}

#[test]
fn categories_of_one_set_may_share_the_node_where_they_are_true() {
    let chain = vec![
        ("nodes_treeids", ints(&[7; 5])),
        ("nodes_nodeids", ints(&[0, 1, 2, 3, 4])),
        ("nodes_featureids", ints(&[0; 5])),
        ("nodes_modes", texts(&["BRANCH_EQ", "BRANCH_EQ", "LEAF", "LEAF", "BRANCH_EQ"])),
        ("nodes_values", floats(&[3.0, 40.0, 0.0, 0.0, 0.0])),
        ("nodes_truenodeids", ints(&[2, 2, 0, 0, 2])),
        ("nodes_falsenodeids", ints(&[1, 4, 0, 0, 3])),
        ("target_nodeids", ints(&[2, 3])),
    ];
    let trees = compiled(&stump(chain)).unwrap();
    assert_eq!(answers(&trees, &[0.0, 3.0, 40.0, 1.0, 3.5, f32::NAN]), [10.0, 10.0, 10.0, 20.0, 20.0, 20.0]);
}

#[test]
fn of_two_classes_only_what_is_taken_is_computed() {
    let classes = |ids: &[i64], transform| {
        let mut node = stump(vec![("post_transform", text(transform)), ("classlabels_int64s", ints(&[0, 1]))]);
        for name in ["ids", "nodeids", "treeids", "weights"] {
            let list = node.attributes.remove(&format!("target_{name}")).unwrap();
            node.attributes.insert(format!("class_{name}"), list);
        }
        node.attributes.insert("class_ids".to_owned(), ints(ids));
        node.attributes.insert("class_weights".to_owned(), floats(&[0.25, 0.75]));
        node.attributes.remove("n_targets");
        node.op = "TreeEnsembleClassifier".to_owned();
        node
    };
    for (ids, transform) in [([0, 0], "NONE"), ([0, 0], "LOGISTIC"), ([1, 1], "NONE"), ([1, 1], "LOGISTIC"), ([1, 1], "SOFTMAX")] {
        let node = classes(&ids, transform);
        let both = answers(&compiled(&node).unwrap(), &[0.0, 9.0]);
        let second = answers(&compile(&node, WIDTH, None, Take::Second, Level::Plain).unwrap(), &[0.0, 9.0]);
        assert_eq!(second, [both[1], both[3]], "{ids:?} {transform}");
    }
    assert_eq!(answers(&compiled(&classes(&[0, 0], "NONE")).unwrap(), &[0.0, 9.0]), [0.75, 0.25, 0.25, 0.75]);
    assert!(compiled(&classes(&[0, 1], "NONE")).is_err_and(|why| why.contains("the second of two classes")));
}

#[test]
fn what_cannot_be_trusted_is_refused_in_words() {
    let cases = [
        (("nodes_truenodeids", ints(&[0, 0, 0])), "its own"),
        (("nodes_truenodeids", ints(&[2, 0, 0])), "child of two"),
        (("nodes_truenodeids", ints(&[9, 0, 0])), "not there"),
        (("nodes_truenodeids", ints(&[-1, 0, 0])), "not there"),
        (("nodes_featureids", ints(&[2, 0, 0])), "column that the input lacks"),
        (("nodes_featureids", ints(&[-1, 0, 0])), "column that the input lacks"),
        (("nodes_nodeids", ints(&[0, 1, 1])), "twice"),
        (("nodes_treeids", ints(&[7, 8, 7])), "stand together"),
        (("nodes_treeids", ints(&[-1, -1, -1])), "stand together"),
        (("nodes_values", floats(&[1.5, 0.0])), "differ in length"),
        (("nodes_missing_value_tracks_true", ints(&[0; 4])), "differ in length"),
        (("nodes_modes", texts(&["BRANCH_ODD", "LEAF", "LEAF"])), "mode"),
        (("target_nodeids", ints(&[1, 1])), "two weights"),
        (("target_nodeids", ints(&[1, 0])), "no weight"),
        (("target_ids", ints(&[0, 1])), "not there"),
        (("target_ids", ints(&[0, -1])), "not there"),
        (("n_targets", Attribute::Int(1_000_000_000_000)), "number of targets"),
        (("n_targets", Attribute::Int(0)), "number of targets"),
        (("base_values", floats(&[1.0, 2.0])), "base values"),
        (("post_transform", text("ODD")), "post_transform"),
        (("aggregate_function", text("MEDIAN")), "aggregate_function"),
        (("surprise", Attribute::Int(1)), "unknown attribute surprise"),
        (("n_targets", text("one")), "another type"),
    ];
    for (changed, words) in cases {
        let name = changed.0;
        let Err(why) = compiled(&stump(vec![changed])) else { panic!("{name} was not refused") };
        assert!(why.starts_with("TreeEnsembleRegressor: ") && why.contains(words), "{name}: {why}");
    }
}

/// Small numbers, of which most name something, and a few that name nothing.
fn names(count: usize) -> impl Strategy<Value = Attribute> {
    prop::collection::vec(prop_oneof![8 => 0_i64..9, 1 => -2_i64..99, 1 => any::<i64>()], count).prop_map(Attribute::Ints)
}

fn tensor(numbers: Numbers, count: usize) -> Attribute {
    Attribute::Tensor(Tensor { dims: vec![count], numbers })
}

proptest! {
    #[test]
    fn no_lists_make_a_node_panic(
        lists in prop::collection::vec(names(9), 7),
        modes in prop::collection::vec(prop::sample::select(vec!["LEAF", "LEAF", "BRANCH_LEQ", "BRANCH_EQ", "BRANCH_NEQ"]), 9),
        values in prop::collection::vec(any::<f32>(), 9),
    ) {
        let [trees, ids, features, trues, falses, owners, targets] = <[Attribute; 7]>::try_from(lists).unwrap();
        let node = stump(vec![
            ("nodes_treeids", trees.clone()),
            ("nodes_nodeids", ids),
            ("nodes_featureids", features),
            ("nodes_modes", texts(&modes)),
            ("nodes_values", floats(&values)),
            ("nodes_truenodeids", trues),
            ("nodes_falsenodeids", falses),
            ("target_treeids", trees),
            ("target_nodeids", owners),
            ("target_ids", targets),
            ("target_weights", floats(&values)),
            ("n_targets", Attribute::Int(9)),
        ]);
        if let Ok(trees) = compiled(&node) {
            answers(&trees, &values);
        }
    }

    #[test]
    fn no_tables_make_a_node_panic(
        lists in prop::collection::vec(names(4), 5),
        leafs in prop::collection::vec(prop::collection::vec(0_i64..2, 4), 2),
        modes in prop::collection::vec(0_u8..8, 4),
        values in prop::collection::vec(prop_oneof![any::<f32>(), Just(f32::NAN), (0_u8..9).prop_map(f32::from)], 4),
    ) {
        let [features, trues, falses, targets, roots] = <[Attribute; 5]>::try_from(lists).unwrap();
        let numbers = || tensor(Numbers::Float(values.clone()), 4);
        let node = node("TreeEnsemble", vec![
            ("nodes_featureids", features),
            ("nodes_modes", tensor(Numbers::Bytes(modes), 4)),
            ("nodes_splits", numbers()),
            ("membership_values", numbers()),
            ("nodes_truenodeids", trues),
            ("nodes_trueleafs", ints(&leafs[0])),
            ("nodes_falsenodeids", falses),
            ("nodes_falseleafs", ints(&leafs[1])),
            ("leaf_targetids", targets),
            ("leaf_weights", numbers()),
            ("n_targets", Attribute::Int(4)),
            ("tree_roots", roots),
        ]);
        if let Ok(trees) = compiled(&node) {
            answers(&trees, &values);
        }
    }
}
