//! A trial: a test that its module lists, for there is no harness to find it.

/// The tests of a module, each under its function's name.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub(crate) fn tests() -> Vec<crate::Test> {
            vec![$((concat!(module_path!(), "::", stringify!($name)), $name as fn())),+]
        }
    };
}
pub(crate) use tests;

/// A test's name, and what it does.
pub(crate) type Test = (&'static str, fn());
