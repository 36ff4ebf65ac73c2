//! Functions that exist twice: with the profiler's attribute and without.

/// Defines the same functions in two modules: in the first as they are, in the second
/// with `#[profile]`. Both see what the place of the macro sees.
macro_rules! twins {
    ($plain:ident $profiled:ident $($item:item)+) => {
        mod $plain {
            #[allow(clippy::wildcard_imports, reason = "the twins stand where the macro does")]
            use super::*;
            $($item)+
        }
        mod $profiled {
            #[allow(clippy::wildcard_imports, reason = "the twins stand where the macro does")]
            use super::*;
            $(#[alloc_profiler::profile] $item)+
        }
    };
}

pub(crate) use twins;
