//! From the scores of targets to the numbers of the output, as ONNX Runtime's `tree_ensemble_aggregator.h` and `ml_common.h` have it.

use super::modes::{Forest, Reached};
use crate::native::{Level, Unsupported, exp};
use crate::scorer::Take;

/// What makes one score of the trees' weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

/// What a node does with its scores at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transform {
    None,
    Logistic,
    Softmax,
    SoftmaxZero,
    Probit,
}

/// Whether the targets are an output's columns, or classes; of two classes the weights may stand for one alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    Targets,
    Classes { all_positive: bool },
}

/// How finished scores become a row of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Logistic,
    Probit,
    Softmax,
    SoftmaxZero,
    /// One score as two columns: `1 - s` and `s`.
    Complement,
    /// `-s` and `s`.
    Mirror,
    /// The logistic of both.
    MirrorLogistic,
}

/// The way from a row's scores to its numbers in the output.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finish {
    divisor: f64,
    base: Vec<f64>,
    form: Form,
    /// Only the second of two columns is wanted, and the form needs both.
    second: bool,
    level: Level,
}

/// A finish, and what it expects of those who sum: the targets, and what they must add themselves.
pub(super) struct Plan {
    pub(super) finish: Finish,
    pub(super) targets: Vec<u32>,
    /// Whether base values go only to targets that a row reached, which only those who sum know.
    pub(super) own_base: Option<Vec<f64>>,
}

fn refuse(why: &str) -> Unsupported {
    Unsupported(format!("its trees have {why}"))
}

/// The plan for `forest`, with what the node says of its scores.
pub(super) fn plan(
    forest: &Forest,
    (head, aggregate, transform): (Head, Aggregate, Transform),
    base: &[f64],
    take: Take,
    level: Level,
) -> Result<Plan, Unsupported> {
    let targets = forest.targets;
    let reached = forest.reached();
    let mut base = base.to_vec();
    let mut form = match transform {
        Transform::Probit => Form::Probit,
        _ if targets == 1 => Form::Plain,
        Transform::None => Form::Plain,
        Transform::Logistic => Form::Logistic,
        Transform::Softmax => Form::Softmax,
        Transform::SoftmaxZero => Form::SoftmaxZero,
    };
    if let Head::Classes { all_positive } = head {
        if targets < 2 {
            return Err(refuse("one class"));
        }
        if targets == 2 {
            form = two_classes(form, transform, all_positive, &reached, &mut base)?;
        }
    }
    let single = matches!(form, Form::Complement | Form::Mirror | Form::MirrorLogistic);
    base.resize(targets, 0.0);
    let needs_score = head == Head::Targets || targets == 2;
    let mut own = false;
    for (value, reached) in base.iter_mut().zip(&reached) {
        match reached {
            Reached::Never if needs_score => *value = 0.0,
            Reached::Sometimes if needs_score && *value != 0.0 => own = true,
            _ => {}
        }
    }
    let columns = if single { 2 } else { targets };
    if take == Take::Second && columns != 2 {
        return Err(refuse("another number of classes than two"));
    }
    let (kept, form, second) = narrow(form, targets, take, single);
    let base: Vec<f64> = kept.iter().map(|target| base[*target as usize]).collect();
    let divisor = if aggregate == Aggregate::Average { forest.trees.len() as f64 } else { 1.0 };
    let (divisor, base, own_base) = if own { (1.0, vec![0.0; kept.len()], Some(base)) } else { (divisor, base, None) };
    Ok(Plan { finish: Finish { divisor, base, form, second, level }, targets: kept, own_base })
}

/// What ONNX Runtime does with two classes depends on whether the second one has weights.
fn two_classes(
    form: Form,
    transform: Transform,
    all_positive: bool,
    reached: &[Reached],
    base: &mut Vec<f64>,
) -> Result<Form, Unsupported> {
    match (reached[1], base.len()) {
        (Reached::Sometimes, _) => Err(refuse("leaves with and leaves without the second of two classes")),
        (Reached::Always, 2) => Err(refuse("two base values beside weights of the second class")),
        (Reached::Never, 0 | 1) => match transform {
            Transform::Probit => Err(refuse("a probit of one class")),
            Transform::Logistic => Ok(Form::MirrorLogistic),
            _ if all_positive => Ok(Form::Complement),
            _ => Ok(Form::Mirror),
        },
        _ => {
            base.resize(2, 0.0);
            base[1] = 0.0;
            Ok(form)
        }
    }
}

/// The targets that are needed for what is taken, and how.
fn narrow(form: Form, targets: usize, take: Take, single: bool) -> (Vec<u32>, Form, bool) {
    match (take, form) {
        (Take::All, _) if single => (vec![0], form, false),
        (Take::All, _) => ((0..targets as u32).collect(), form, false),
        (Take::Second, Form::Complement | Form::Mirror) => (vec![0], Form::Plain, false),
        (Take::Second, Form::MirrorLogistic) => (vec![0], Form::Logistic, false),
        (Take::Second, Form::Softmax | Form::SoftmaxZero) => (vec![0, 1], form, true),
        (Take::Second, _) => (vec![1], form, false),
    }
}

impl Finish {
    /// How many targets a row has.
    pub(super) fn targets(&self) -> usize {
        self.base.len()
    }

    /// How many numbers a row has in the output.
    pub(super) fn outputs(&self) -> usize {
        match self.form {
            Form::Complement | Form::Mirror | Form::MirrorLogistic => 2,
            _ if self.second => 1,
            _ => self.base.len(),
        }
    }

    /// Whether [`Finish::run`] needs the scores in a place of their own.
    pub(super) fn needs_room(&self) -> bool {
        self.second
    }

    /// Makes the output of the scores, which stand at the beginning of `out`, row by row.
    pub(super) fn run(&self, out: &mut [f64]) {
        let rows = out.len() / self.outputs();
        self.add_base(&mut out[..rows * self.targets()]);
        match self.form {
            Form::Complement => mirror(out, |score| 1.0 - score),
            Form::Mirror => mirror(out, |score| -score),
            Form::MirrorLogistic => {
                mirror(out, |score| -score);
                exp::logistic(out, self.level);
            }
            _ => self.transform(out),
        }
    }

    /// Makes the output of `scores`, which are used up.
    pub(super) fn run_apart(&self, scores: &mut [f64], out: &mut [f64]) {
        self.add_base(scores);
        self.transform(scores);
        for (second, both) in out.iter_mut().zip(scores.chunks_exact(2)) {
            *second = both[1];
        }
    }

    fn transform(&self, scores: &mut [f64]) {
        match self.form {
            Form::Logistic => exp::logistic(scores, self.level),
            Form::Probit => scores.iter_mut().for_each(|score| *score = probit(*score)),
            Form::Softmax => exp::softmax(scores, self.targets(), self.level),
            Form::SoftmaxZero => scores.chunks_exact_mut(self.targets()).for_each(softmax_zero),
            _ => {}
        }
    }

    #[allow(clippy::float_cmp, reason = "1 and 0 are exact, and change nothing")]
    fn add_base(&self, scores: &mut [f64]) {
        if self.divisor != 1.0 {
            for score in &mut *scores {
                *score /= self.divisor;
            }
        }
        match self.base.as_slice() {
            base if base.iter().all(|value| *value == 0.0) => {}
            [base] => scores.iter_mut().for_each(|score| *score += base),
            base => {
                for row in scores.chunks_exact_mut(base.len()) {
                    row.iter_mut().zip(base).for_each(|(score, base)| *score += base);
                }
            }
        }
    }
}

/// Makes two columns of the scores in the first half, from the last one back, so that none is overwritten before it is read.
fn mirror(out: &mut [f64], other: impl Fn(f64) -> f64) {
    for row in (0..out.len() / 2).rev() {
        let score = out[row];
        out[2 * row] = other(score);
        out[2 * row + 1] = score;
    }
}

/// Softmax of the scores that are not 0; the others stay 0.
fn softmax_zero(row: &mut [f64]) {
    let zero = f64::from(0.000_000_1_f32);
    let largest = row.iter().fold(f64::from(f32::MIN), |most, score| if *score > most { *score } else { most });
    let mut sum = 0.0;
    for score in &mut *row {
        if *score > zero || *score < -zero {
            *score = (*score - largest).exp();
            sum += *score;
        } else {
            *score *= (-largest).exp();
        }
    }
    for score in row {
        *score /= sum;
    }
}

/// In float32 as ONNX Runtime has it: its approximation of the inverse error function loses digits, and those are its answer.
fn probit(score: f64) -> f64 {
    f64::from(std::f32::consts::SQRT_2 * inverse_error(2.0 * score as f32 - 1.0))
}

fn inverse_error(x: f32) -> f32 {
    let sign = if x < 0.0 { -1.0 } else { 1.0 };
    let log = ((1.0 - x) * (1.0 + x)).ln();
    let v = 2.0 / (std::f32::consts::PI * 0.147) + 0.5 * log;
    let v2 = 1.0 / 0.147 * log;
    sign * (-v + (v * v - v2).sqrt()).sqrt()
}
