//! The order of rows.

/// By one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub column: String,
    /// the largest first; what is missing stays last
    pub descending: bool,
}

impl Sort {
    /// `kl_forward`, or `-kl_forward` for the largest first; several, the weightiest first, are joined by commas.
    pub fn read_all(text: &str) -> Vec<Self> {
        let read = |part: &str| match part.trim().strip_prefix('-') {
            Some(column) => Self { column: column.trim().to_owned(), descending: true },
            None => Self { column: part.trim().to_owned(), descending: false },
        };
        text.split(',').map(read).collect()
    }
}
