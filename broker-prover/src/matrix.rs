//! Sparse matrices over a scalar field.

use ark_ff::PrimeField;

/// A sparse matrix whose rows are constraints and whose columns are signals, in compressed rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix<F> {
    /// `starts[i]..starts[i + 1]` are the entries of row `i`.
    starts: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<F>,
}

impl<F: PrimeField> Default for Matrix<F> {
    fn default() -> Self {
        Self { starts: vec![0], columns: Vec::new(), values: Vec::new() }
    }
}

impl<F: PrimeField> Matrix<F> {
    /// An empty matrix with room for `rows` rows and `entries` entries.
    #[must_use]
    pub fn with_capacity(rows: usize, entries: usize) -> Self {
        let mut starts = Vec::with_capacity(rows.saturating_add(1));
        starts.push(0);
        Self { starts, columns: Vec::with_capacity(entries), values: Vec::with_capacity(entries) }
    }

    /// Appends an entry to the row that [`Matrix::end_row`] will end. A zero is left out. Entries of one row may name
    /// the same column more than once; they add up.
    pub fn push(&mut self, column: u32, value: F) {
        if !value.is_zero() {
            self.columns.push(column);
            self.values.push(value);
        }
    }

    /// Ends the row to which entries were appended, which may be none.
    pub fn end_row(&mut self) {
        // Files and circuits are bounded far below 2^32 entries (`Limits`), so the conversion cannot fail.
        self.starts.push(u32::try_from(self.columns.len()).unwrap_or(u32::MAX));
    }

    /// The number of ended rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The number of entries.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.values.len()
    }

    /// The entries of each row: column and value.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_, F>> {
        self.starts.windows(2).map(|bounds| {
            let range = match bounds {
                [start, end] => *start as usize..*end as usize,
                _ => 0..0,
            };
            Row {
                columns: self.columns.get(range.clone()).unwrap_or_default(),
                values: self.values.get(range).unwrap_or_default(),
            }
        })
    }

    /// The memory of the matrix in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.starts.capacity() + self.columns.capacity()) * size_of::<u32>()
            + self.values.capacity() * size_of::<F>()
    }
}

/// One row of a [`Matrix`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a, F> {
    columns: &'a [u32],
    values: &'a [F],
}

impl<F: PrimeField> Row<'_, F> {
    /// The entries: column and value.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (usize, F)> {
        self.columns.iter().map(|column| *column as usize).zip(self.values.iter().copied())
    }

    /// The product of the row with `assignment`; columns beyond it count as zero.
    #[must_use]
    pub fn evaluate(&self, assignment: &[F]) -> F {
        let mut sum = F::zero();
        for (column, value) in self.columns.iter().zip(self.values) {
            let signal = assignment.get(*column as usize).copied().unwrap_or_default();
            sum += if value.is_one() { signal } else { signal * value };
        }
        sum
    }
}
