//! End to end: the real binary, as a person or a script would start it.

mod e2e;
