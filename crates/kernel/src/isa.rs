//! Which instructions the kernels run on, chosen at run time.

use std::sync::atomic::{AtomicU8, Ordering};
use thiserror::Error;

/// The environment variable that overrides the choice.
pub const VARIABLE: &str = "FLOWSTILL_ISA";

/// A set of instructions that every kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Isa {
    /// whatever the compilation target has, products rounded twice
    Portable = 1,
    /// 128-bit vectors of ARM, fused products
    Neon = 2,
    /// 256-bit vectors of x86, fused products
    Avx2 = 3,
    /// 512-bit vectors of x86, fused products
    Avx512 = 4,
}

/// Why a set of instructions cannot be had.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum IsaError {
    #[error("{VARIABLE}={0:?} is not known, expected one of portable, neon, avx2, avx512")]
    Unknown(String),
    #[error("this processor has no {}: unset {VARIABLE}, or set it to one of: {}", .0.name(), supported_names())]
    Unsupported(Isa),
}

/// 0 before the first use.
static ACTIVE: AtomicU8 = AtomicU8::new(0);

impl Isa {
    /// Slowest first.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Neon, Self::Avx2, Self::Avx512];

    /// The name used in the environment variable and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Whether this processor has it.
    pub fn is_supported(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Self::Avx2.is_supported() && is_x86_feature_detected!("avx512f"),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// The fastest that this processor has.
    pub fn best() -> Self {
        Self::ALL.into_iter().rfind(|isa| isa.is_supported()).unwrap_or(Self::Portable)
    }

    /// What [`VARIABLE`] asks for, or the best.
    ///
    /// # Errors
    /// A name that is not known, or instructions that the processor does not have.
    pub fn from_environment() -> Result<Self, IsaError> {
        match std::env::var(VARIABLE) {
            Ok(name) if !name.is_empty() => {
                let isa = Self::ALL.into_iter().find(|isa| isa.name() == name).ok_or(IsaError::Unknown(name))?;
                if isa.is_supported() { Ok(isa) } else { Err(IsaError::Unsupported(isa)) }
            }
            _ => Ok(Self::best()),
        }
    }

    /// What the kernels of this process run on; noise has the same bits on all of them and chooses for itself. Results on different instructions agree up to rounding; all that is
    /// said to be the same to the bit is so within one.
    #[inline]
    pub fn active() -> Self {
        match ACTIVE.load(Ordering::Relaxed) {
            1 => Self::Portable,
            2 => Self::Neon,
            3 => Self::Avx2,
            4 => Self::Avx512,
            _ => first_use(),
        }
    }

    /// Makes the kernels of this process run on `self` from now on.
    ///
    /// # Errors
    /// Instructions that the processor does not have.
    pub fn activate(self) -> Result<(), IsaError> {
        if !self.is_supported() {
            return Err(IsaError::Unsupported(self));
        }
        ACTIVE.store(self as u8, Ordering::Relaxed);
        Ok(())
    }
}

#[cold]
fn first_use() -> Isa {
    // a program that wants to complain about the variable asks from_environment itself
    let isa = Isa::from_environment().unwrap_or_else(|_| Isa::best());
    ACTIVE.store(isa as u8, Ordering::Relaxed);
    isa
}

fn supported_names() -> String {
    let names: Vec<_> = Isa::ALL.into_iter().filter(|isa| isa.is_supported()).map(Isa::name).collect();
    names.join(", ")
}

/// What the code for a set of instructions may do; a type, so that each set has its own compiled code.
pub(crate) trait Instructions {
    /// products rounded once are an instruction, not a call of a library
    const FUSED: bool;
    /// 32 registers, each as wide as a panel
    const WIDE: bool;
}

pub(crate) struct Plain;
impl Instructions for Plain {
    const FUSED: bool = false;
    const WIDE: bool = false;
}

/// AVX2 with FMA, and NEON.
pub(crate) struct Fused;
impl Instructions for Fused {
    const FUSED: bool = true;
    const WIDE: bool = false;
}

#[cfg(target_arch = "x86_64")]
pub(crate) struct Wide;
#[cfg(target_arch = "x86_64")]
impl Instructions for Wide {
    const FUSED: bool = true;
    const WIDE: bool = true;
}

/// `a·b + c`, rounded once where that is an instruction.
#[inline(always)]
pub(crate) fn multiply_add<R: crate::Real, I: Instructions>(a: R, b: R, c: R) -> R {
    if I::FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Defines a function that is compiled for every set of instructions and picks the active one when called. Its body
/// is an `#[inline(always)]` function with one more type parameter, the [`Instructions`].
///
/// Nothing in such a body that does arithmetic may be a closure that could stay a function of its own: it would be
/// compiled without the instructions.
macro_rules! dispatch {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident$([$generic:ident: $bound:path])?(
        $($argument:ident: $kind:ty),* $(,)?
    ) = $body:ident) => {
        $(#[$attribute])*
        $visibility fn $name<R: $crate::Real $(, $generic: $bound)?>($($argument: $kind),*) {
            use $crate::isa::{self, Isa};
            #[cfg(target_arch = "x86_64")]
            {
                // never inlined: in a larger function the compiler loses the accumulators' registers (measured: 10×)
                #[inline(never)]
                #[target_feature(enable = "avx2,fma")]
                fn avx2<R: $crate::Real $(, $generic: $bound)?>($($argument: $kind),*) {
                    $body::<R, isa::Fused $(, $generic)?>($($argument),*);
                }
                #[inline(never)]
                #[target_feature(enable = "avx512f,avx2,fma")]
                fn avx512<R: $crate::Real $(, $generic: $bound)?>($($argument: $kind),*) {
                    $body::<R, isa::Wide $(, $generic)?>($($argument),*);
                }
                match Isa::active() {
                    // SAFETY: an active set is supported, and its features are those that the function is compiled for.
                    Isa::Avx2 => return unsafe { avx2($($argument),*) },
                    // SAFETY: as above.
                    Isa::Avx512 => return unsafe { avx512($($argument),*) },
                    Isa::Portable | Isa::Neon => {}
                }
            }
            #[cfg(target_arch = "aarch64")]
            if Isa::active() == Isa::Neon {
                // in the base set of the target: no feature to enable
                return $body::<R, isa::Fused $(, $generic)?>($($argument),*);
            }
            $body::<R, isa::Plain $(, $generic)?>($($argument),*);
        }
    };
}
pub(crate) use dispatch;
