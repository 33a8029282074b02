//! What a kernel did, counted.

/// Accesses to one kind of memory in one direction, by requests: what the lanes of a warp ask for at one instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests of warps.
    pub requests: u64,
    /// Bytes that the lanes ask for, the same byte counted once for each lane.
    pub bytes: u64,
    /// Global memory: sectors of 32 bytes that the requests touch. Shared memory: turns that they take, one where no bank is asked for
    /// two words (and one more for each 128 bytes that a request asks for at once).
    pub units: u64,
    /// What `units` would be if each request's different bytes lay side by side (global), or without conflicts (shared).
    pub ideal_units: u64,
    /// Global memory: different bytes, in whole sectors, that a launch touches; the sum over launches.
    pub footprint: u64,
}

/// The counts of one kernel, over all its launches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KernelCounters {
    /// The kernel's name.
    pub name: String,
    /// Launches, those of graphs too.
    pub launches: u64,
    /// Blocks.
    pub blocks: u64,
    /// Threads.
    pub threads: u64,
    /// Barriers that a whole block went through.
    pub barriers: u64,
    /// Atomic operations of threads.
    pub atomics: u64,
    /// Floating-point operations of tensor cores: a product and a sum are two.
    pub products: u64,
    /// Reads of global memory.
    pub global_reads: Traffic,
    /// Writes to global memory.
    pub global_writes: Traffic,
    /// Reads of shared memory.
    pub shared_reads: Traffic,
    /// Writes to shared memory.
    pub shared_writes: Traffic,
}

impl Traffic {
    /// `ideal_units / units`: 1 where every sector that is moved is used, or no bank has a conflict; 1 for no requests.
    #[must_use]
    pub fn efficiency(&self) -> f64 {
        if self.units == 0 {
            1.0
        } else {
            self.ideal_units as f64 / self.units as f64
        }
    }

    fn read(text: &str) -> Self {
        let mut numbers = text.split(':').map(|number| number.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        Self {
            requests: next(),
            bytes: next(),
            units: next(),
            ideal_units: next(),
            footprint: next(),
        }
    }
}

impl KernelCounters {
    /// The text that the device gives, and writes into the file of `NETC_EMULATED_COUNTERS`: a line a kernel.
    #[must_use]
    pub fn read_all(text: &str) -> Vec<Self> {
        text.lines().map(Self::read).collect()
    }

    fn read(line: &str) -> Self {
        let mut words = line.split(' ');
        let mut counters = Self {
            name: words.next().unwrap_or("").to_owned(),
            ..Self::default()
        };
        for (field, value) in words.filter_map(|word| word.split_once('=')) {
            let number = || value.parse().unwrap_or(0);
            match field {
                "launches" => counters.launches = number(),
                "blocks" => counters.blocks = number(),
                "threads" => counters.threads = number(),
                "barriers" => counters.barriers = number(),
                "atomics" => counters.atomics = number(),
                "products" => counters.products = number(),
                "global_reads" => counters.global_reads = Traffic::read(value),
                "global_writes" => counters.global_writes = Traffic::read(value),
                "shared_reads" => counters.shared_reads = Traffic::read(value),
                "shared_writes" => counters.shared_writes = Traffic::read(value),
                _ => {}
            }
        }
        counters
    }
}
