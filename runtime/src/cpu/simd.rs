//! The vector instructions of the machine at hand.

/// Instruction sets that kernels are compiled for, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What the target has for certain.
    Portable,
    /// AVX2 and FMA: 8 floats.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, VL, BW, DQ: 16 floats.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// NEON: 4 floats, fused products.
    #[cfg(all(
        target_arch = "aarch64",
        target_feature = "neon",
        target_endian = "little"
    ))]
    Neon,
    /// WebAssembly's simd128: 4 floats.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
}

impl Level {
    /// The name: `avx2`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
            #[cfg(all(
                target_arch = "aarch64",
                target_feature = "neon",
                target_endian = "little"
            ))]
            Level::Neon => "neon",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => "simd128",
        }
    }

    /// Floats in a vector.
    pub(crate) fn lanes(self) -> usize {
        match self {
            Level::Portable => 4,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => 8,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => 16,
            #[cfg(all(
                target_arch = "aarch64",
                target_feature = "neon",
                target_endian = "little"
            ))]
            Level::Neon => 4,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => 4,
        }
    }

    /// All that kernels are compiled for on this architecture, worst first.
    pub const ALL: &'static [Self] = &[
        Level::Portable,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512,
        #[cfg(all(
            target_arch = "aarch64",
            target_feature = "neon",
            target_endian = "little"
        ))]
        Level::Neon,
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Level::Simd128,
    ];
}

impl core::fmt::Display for Level {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// The best level that this machine runs.
#[inline]
pub(crate) fn level() -> Level {
    #[cfg(all(test, feature = "std"))]
    if let Some(limit) = LIMIT.get() {
        return limit;
    }
    detected()
}

#[inline]
fn detected() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        // The standard library asks the CPU once and keeps the answer.
        #[cfg(feature = "std")]
        macro_rules! has {
            ($($feature:tt),*) => { true $(&& std::arch::is_x86_feature_detected!($feature))* };
        }
        #[cfg(not(feature = "std"))]
        macro_rules! has {
            ($($feature:tt),*) => { true $(&& cfg!(target_feature = $feature))* };
        }
        if has!("avx512f", "avx512vl", "avx512bw", "avx512dq", "fma") {
            return Level::Avx512;
        }
        if has!("avx2", "fma") {
            return Level::Avx2;
        }
    }
    #[cfg(all(
        target_arch = "aarch64",
        target_feature = "neon",
        target_endian = "little"
    ))]
    return Level::Neon;
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    return Level::Simd128;
    #[allow(unreachable_code, reason = "some targets have vectors for certain")]
    Level::Portable
}

#[cfg(all(test, feature = "std"))]
std::thread_local! {
    /// What this thread takes for the best level.
    static LIMIT: core::cell::Cell<Option<Level>> = const { core::cell::Cell::new(None) };
}

/// The levels that this machine runs.
#[cfg(all(test, feature = "std"))]
pub(crate) fn levels() -> impl Iterator<Item = Level> {
    let all = Level::ALL.iter().copied();
    all.filter(|level| *level <= detected())
}

/// Runs a test as a machine of this level would, on this thread; helpers take the best level, whose bits are the same.
#[cfg(all(test, feature = "std"))]
pub(crate) fn limited(level: Level, test: impl FnOnce()) {
    assert!(level <= detected(), "this CPU has no {level:?}");
    LIMIT.set(Some(level));
    test();
    LIMIT.set(None);
}

/// Compiles a plain function once for each [`Level`] and calls the best one.
///
/// All of them give the same bits: Rust neither reorders nor contracts float operations.
macro_rules! multiversion {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) {
            #[inline(always)]
            fn plain($($arg: $ty),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
                fn avx512($($arg: $ty),*) {
                    plain($($arg),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $ty),*) {
                    plain($($arg),*);
                }
                match $crate::cpu::simd::level() {
                    // SAFETY: `level` has found these instructions on this machine.
                    $crate::cpu::simd::Level::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    $crate::cpu::simd::Level::Avx2 => return unsafe { avx2($($arg),*) },
                    $crate::cpu::simd::Level::Portable => {}
                }
            }
            plain($($arg),*);
        }
    };
}
pub(crate) use multiversion;
