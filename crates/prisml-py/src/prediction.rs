//! `Prediction`: what a model predicts for one row.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyMappingProxy, PyTuple, PyType};

/// What a model predicts for one row. Immutable; equal where the numbers, the model's reading and the version are.
///
/// ``value``: P(positive) for a binary task, always; the label for several classes; the number for a regression.
/// ``label``: the class (binary: the positive one where the value is above the threshold); None for a regression.
/// ``probabilities``: each class's probability, in the order of the manifest's classes; None for a regression.
/// ``version``: the number in the registry; None for an engine that was made from a bundle. ``variant``: which of an experiment's
/// variants answered, ``"control"`` or ``"v2"``, say; None outside experiments, and without a key.
/// A row that failed under ``on_error="null"`` has NaN (several classes: None) and no label.
#[pyclass(frozen, module = "prisml.serving.prediction")]
pub(crate) struct Prediction {
    raw: Raw,
    reading: Py<PyAny>,
    version: Option<Py<PyAny>>,
    variant: Option<Py<PyAny>>,
}

/// The numbers of a row; all that is said of them is made when it is asked for.
pub(crate) enum Raw {
    /// P(positive), or the number of a regression.
    One(f64),
    /// Each class's probability.
    Each(Py<PyTuple>),
}

impl Raw {
    pub(crate) fn new(py: Python<'_>, numbers: &[f64]) -> PyResult<Self> {
        match numbers {
            [number] => Ok(Self::One(*number)),
            each => Ok(Self::Each(PyTuple::new(py, each)?.unbind())),
        }
    }

    /// As Python has it: a float or a tuple of floats.
    pub(crate) fn object<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        match self {
            Self::One(number) => PyFloat::new(py, *number).into_any(),
            Self::Each(numbers) => numbers.bind(py).clone().into_any(),
        }
    }

    #[allow(clippy::float_cmp, reason = "equal predictions are equal to the bit")]
    fn equals(&self, other: &Self, py: Python<'_>) -> PyResult<bool> {
        match (self, other) {
            // Two rows that failed are equal.
            (Self::One(one), Self::One(other)) => Ok(one == other || (one.is_nan() && other.is_nan())),
            (Self::Each(one), Self::Each(other)) => one.bind(py).eq(other.bind(py)),
            _ => Ok(false),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Raw {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match object.cast::<PyTuple>() {
            Ok(numbers) => Ok(Self::Each(numbers.to_owned().unbind())),
            Err(_) => object.extract().map(Self::One),
        }
    }
}

impl Prediction {
    /// The prediction of a version outside experiments.
    #[inline]
    pub(crate) fn of(raw: Raw, reading: Py<PyAny>, version: Option<Py<PyAny>>) -> Self {
        Self { raw, reading, version, variant: None }
    }

    fn is_regression(&self, py: Python<'_>) -> PyResult<bool> {
        self.reading.bind(py).getattr(intern!(py, "task"))?.eq("regression")
    }

    /// The index of the class; None for a row that failed, and for a regression.
    fn class_index(&self, py: Python<'_>) -> PyResult<Option<usize>> {
        match &self.raw {
            Raw::One(number) if number.is_nan() || self.is_regression(py)? => Ok(None),
            Raw::One(number) => {
                let threshold: f64 = self.reading.bind(py).getattr(intern!(py, "threshold"))?.extract()?;
                Ok(Some(usize::from(*number > threshold)))
            }
            Raw::Each(numbers) => {
                let numbers: Vec<f64> = numbers.bind(py).extract()?;
                let likelier = |best: usize, place: usize| if numbers[place] > numbers[best] { place } else { best };
                Ok(numbers.first().filter(|first| !first.is_nan()).map(|_| (1..numbers.len()).fold(0, likelier)))
            }
        }
    }
}

#[pymethods]
impl Prediction {
    #[new]
    #[pyo3(signature = (raw, reading, version=None, variant=None))]
    fn new(raw: Raw, reading: Py<PyAny>, version: Option<Py<PyAny>>, variant: Option<Py<PyAny>>) -> Self {
        Self { raw, reading, version, variant }
    }

    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.raw {
            Raw::One(number) => Ok(PyFloat::new(py, *number).into_any()),
            Raw::Each(_) => self.label(py),
        }
    }

    #[getter]
    fn label<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.class_index(py)? {
            Some(index) => self.reading.bind(py).getattr(intern!(py, "classes"))?.get_item(index),
            None => Ok(py.None().into_bound(py)),
        }
    }

    #[getter]
    fn probabilities<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyMappingProxy>>> {
        if self.is_regression(py)? {
            return Ok(None);
        }
        let each = match &self.raw {
            Raw::One(number) => PyTuple::new(py, [1.0 - number, *number])?,
            Raw::Each(numbers) => numbers.bind(py).clone(),
        };
        let classes = self.reading.bind(py).getattr(intern!(py, "classes"))?;
        if classes.len()? != each.len() {
            return Err(PyValueError::new_err("there is not one probability for each class"));
        }
        let found = PyDict::new(py);
        for (class, probability) in classes.try_iter()?.zip(each) {
            found.set_item(class?, probability)?;
        }
        Ok(Some(PyMappingProxy::new(py, found.as_mapping())))
    }

    #[getter]
    fn version(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.version.as_ref().map(|version| version.clone_ref(py))
    }

    #[getter]
    fn variant(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.variant.as_ref().map(|variant| variant.clone_ref(py))
    }

    fn __eq__(&self, other: &Self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.raw.equals(&other.raw, py)?
            && self.reading.bind(py).eq(other.reading.bind(py))?
            && self.version(py).into_pyobject(py)?.eq(other.version(py))?
            && self.variant(py).into_pyobject(py)?.eq(other.variant(py))?)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        // The hash of a NaN is another one for each object.
        let raw = Some(self.raw.object(py)).filter(|_| !matches!(self.raw, Raw::One(number) if number.is_nan()));
        (raw, &self.reading, &self.version, &self.variant).into_pyobject(py)?.hash()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let label = self.label(py)?;
        let label =
            if label.is_none() || matches!(self.raw, Raw::Each(_)) { String::new() } else { format!(", label={}", label.repr()?) };
        let variant = match &self.variant {
            Some(variant) => format!(", variant={}", variant.bind(py).repr()?),
            None => String::new(),
        };
        let version = self.version(py).into_pyobject(py)?.repr()?.to_string();
        Ok(format!("Prediction(value={}{label}, version={version}{variant})", self.value(py)?.repr()?))
    }

    #[allow(clippy::type_complexity, reason = "pickle's protocol")]
    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> (Bound<'py, PyType>, (Bound<'py, PyAny>, Py<PyAny>, Option<Py<PyAny>>, Option<Py<PyAny>>)) {
        let arguments = (self.raw.object(py), self.reading.clone_ref(py), self.version(py), self.variant(py));
        (py.get_type::<Self>(), arguments)
    }
}

/// Asks predictions for everything: the type and the names that this needs are kept from then on.
pub(crate) fn make_what_is_made_once(py: Python<'_>) -> PyResult<()> {
    let reading = PyDict::new(py);
    reading.set_item("task", "binary")?;
    reading.set_item("threshold", 0.5)?;
    reading.set_item("classes", (false, true))?;
    let reading = py.import("types")?.getattr("SimpleNamespace")?.call((), Some(&reading))?.unbind();
    for raw in [Raw::One(0.5), Raw::new(py, &[0.5, 0.5])?] {
        let prediction = Bound::new(py, Prediction::of(raw, reading.clone_ref(py), None))?;
        prediction.get().probabilities(py)?;
        prediction.repr()?;
    }
    Ok(())
}
