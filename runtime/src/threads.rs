//! Fork and join over a kept set of threads.
//!
//! Why not a work-stealing library: a forward pass of a small network is a few dozen joins of some microseconds each. It
//! needs a wake-up without a queue, no allocation at all, and the number of the worker (for its part of the scratch memory).
//! So the pool is one job at a time: each worker takes the tasks of a part of its own, in order, and then helps with the others'. As steps
//! are cut alike, a worker reads in one step what it wrote in the step before, and finds it in its own cache.
//!
//! Callers decide the *tasks* by the size of the work, never by the number of threads, and no task reads what another writes.
//! So the threads change the time and nothing else.

use core::ops::Range;

/// Below this many elementary operations a piece of work is not worth handing to another thread (some 10 us).
const GRAIN: usize = 1 << 15;

/// How many threads a workspace may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads {
    count: usize,
}

impl Threads {
    /// All the threads that the machine offers.
    pub(crate) fn all() -> Self {
        #[cfg(feature = "threads")]
        let wanted = std::thread::available_parallelism().map_or(1, core::num::NonZero::get);
        #[cfg(not(feature = "threads"))]
        let wanted = 1;
        Self::new(wanted)
    }

    /// At most `wanted` threads, the caller's included. None is started yet.
    pub(crate) fn new(wanted: usize) -> Self {
        #[cfg(feature = "threads")]
        let count = wanted.max(1);
        #[cfg(not(feature = "threads"))]
        let (count, _) = (1, wanted);
        Self { count }
    }

    /// Starts those that do not run yet, as far as the machine has them. Late, so that there are no more than somebody uses:
    /// each new job wakes all that sleep.
    pub(crate) fn hire(self) -> Self {
        #[cfg(feature = "threads")]
        let count = pool::hire(self.count);
        #[cfg(not(feature = "threads"))]
        let count = self.count;
        Self { count }
    }

    /// Threads to prepare so many numbers with: one where others are not worth their start.
    pub(crate) fn to_prepare(numbers: usize) -> Self {
        match numbers < 1 << 20 {
            true => Self::single(),
            false => Self::all().hire(),
        }
    }

    /// The caller's thread alone.
    pub(crate) fn single() -> Self {
        Self { count: 1 }
    }

    /// The caller's thread and its helpers.
    pub(crate) fn count(self) -> usize {
        self.count
    }

    /// Calls `body(task, worker)` for every task. `worker < self.count()`, and no two calls run at once with the same worker.
    /// Not to be nested.
    pub(crate) fn for_each(self, tasks: usize, body: impl Fn(usize, usize) + Sync) {
        #[cfg(feature = "threads")]
        if self.count > 1 && tasks > 1 && pool::run(self.count, tasks, &body) {
            return;
        }
        (0..tasks).for_each(|task| body(task, 0));
    }

    /// Calls `body(range, worker)` for ranges that cover `0..total`; each item costs about `cost` elementary operations.
    pub(crate) fn for_ranges(
        self,
        total: usize,
        cost: usize,
        body: impl Fn(Range<usize>, usize) + Sync,
    ) {
        let size = (GRAIN / cost.max(1)).max(1);
        self.for_each(total.div_ceil(size), |task, worker| {
            let start = task * size;
            body(start..total.min(start + size), worker);
        });
    }
}

#[cfg(feature = "threads")]
mod pool {
    use std::hint::spin_loop;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

    /// Looks at a changing value before a thread goes to sleep: some tens of microseconds, the gap between two steps of a pass.
    const SPINS: usize = 1000;

    static POOL: Pool = Pool {
        state: Mutex::new(State {
            job: None,
            sleeping: 0,
        }),
        wake: Condvar::new(),
        done: Condvar::new(),
        round: AtomicUsize::new(0),
        active: AtomicUsize::new(0),
        busy: AtomicBool::new(false),
        workers: Mutex::new(0),
    };

    struct Pool {
        state: Mutex<State>,
        /// A job has come.
        wake: Condvar,
        /// The last active worker has left the job.
        done: Condvar,
        /// Counts the jobs; written under `state`, read without it by spinning workers.
        round: AtomicUsize,
        /// Workers inside the job; written under `state`, read without it by the spinning caller.
        active: AtomicUsize,
        /// Whether a caller owns the pool.
        busy: AtomicBool,
        /// How many workers have been started.
        workers: Mutex<usize>,
    }

    /// The most parts that the tasks are cut into; where there are more threads, some begin with the same.
    const MAX_PARTS: usize = 16;

    /// Tasks of one part, on a cache line of its own.
    #[repr(align(64))]
    struct Part {
        next: AtomicUsize,
        end: usize,
    }

    struct State {
        job: Option<Job>,
        sleeping: usize,
    }

    /// One call of [`run`]. The references point into its stack frame; see the safety comment there.
    #[derive(Clone, Copy)]
    struct Job {
        body: &'static (dyn Fn(usize, usize) + Sync),
        parts: &'static [Part],
        panicked: &'static AtomicBool,
        threads: usize,
    }

    impl Job {
        fn work(&self, worker: usize) {
            let (before, own) = self.parts.split_at(worker % self.parts.len());
            for part in own.iter().chain(before) {
                loop {
                    let task = part.next.fetch_add(1, Ordering::Relaxed);
                    if task >= part.end {
                        break;
                    }
                    (self.body)(task, worker);
                }
            }
        }
    }

    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        // Nothing panics while it holds one of these locks, so a poisoned one is as good as any.
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts workers until `wanted` threads can work, the caller among them; gives how many can.
    pub(super) fn hire(wanted: usize) -> usize {
        let mut workers = lock(&POOL.workers);
        while *workers + 1 < wanted {
            let worker = *workers + 1;
            let thread = std::thread::Builder::new().name(format!("netc-{worker}"));
            if thread.spawn(move || work(worker)).is_err() {
                break; // no more threads on this machine: go on with those that run
            }
            *workers = worker;
        }
        wanted.min(*workers + 1)
    }

    /// A worker's life. Workers are numbered from 1; 0 is the caller.
    fn work(worker: usize) {
        let mut seen = 0;
        loop {
            for _ in 0..SPINS {
                if POOL.round.load(Ordering::Relaxed) != seen {
                    break;
                }
                spin_loop();
            }
            let mut state = lock(&POOL.state);
            let job = loop {
                let round = POOL.round.load(Ordering::Relaxed);
                if round != seen {
                    seen = round;
                    if let Some(job) = state.job.filter(|job| worker < job.threads) {
                        break job;
                    }
                }
                state.sleeping += 1;
                state = POOL
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                state.sleeping -= 1;
            };
            POOL.active.fetch_add(1, Ordering::Relaxed);
            drop(state);

            if catch_unwind(AssertUnwindSafe(|| job.work(worker))).is_err() {
                job.panicked.store(true, Ordering::Relaxed);
            }

            let state = lock(&POOL.state);
            if POOL.active.fetch_sub(1, Ordering::Release) == 1 {
                POOL.done.notify_one();
            }
            drop(state);
        }
    }

    /// Runs all tasks on up to `threads` threads; false, with nothing done, if another caller has the pool.
    pub(super) fn run(threads: usize, tasks: usize, body: &(dyn Fn(usize, usize) + Sync)) -> bool {
        if POOL.busy.swap(true, Ordering::Acquire) {
            return false;
        }
        let count = threads.min(MAX_PARTS);
        let parts: [Part; MAX_PARTS] = core::array::from_fn(|part| Part {
            next: AtomicUsize::new(part * tasks / count),
            end: (part + 1) * tasks / count,
        });
        let panicked = AtomicBool::new(false);
        let job = Job {
            // SAFETY: the reference outlives its uses. Workers get it from `state.job` only, and count themselves in `active`
            // under the same lock. Below, this function takes the job away and waits for `active` to fall to 0 on every
            // path, a panic in a task included, before `body` goes out of scope.
            body: unsafe {
                core::mem::transmute::<
                    &(dyn Fn(usize, usize) + Sync),
                    &'static (dyn Fn(usize, usize) + Sync),
                >(body)
            },
            // SAFETY: as above; `parts` and `panicked` live as long as this frame.
            parts: unsafe { &*core::ptr::from_ref(&parts[..count]) },
            // SAFETY: as above.
            panicked: unsafe { &*core::ptr::from_ref(&panicked) },
            threads,
        };
        {
            let mut state = lock(&POOL.state);
            state.job = Some(job);
            POOL.round.fetch_add(1, Ordering::Relaxed);
            if state.sleeping > 0 {
                POOL.wake.notify_all();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| job.work(0)));

        lock(&POOL.state).job = None;
        for _ in 0..SPINS {
            if POOL.active.load(Ordering::Acquire) == 0 {
                break;
            }
            spin_loop();
        }
        let mut state = lock(&POOL.state);
        while POOL.active.load(Ordering::Acquire) > 0 {
            state = POOL
                .done
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        POOL.busy.store(false, Ordering::Release);

        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(
            !panicked.load(Ordering::Relaxed),
            "a task panicked on a worker thread"
        );
        true
    }

    #[cfg(test)]
    mod tests {
        use crate::threads::Threads;
        use std::sync::atomic::{AtomicUsize, Ordering};

        #[test]
        fn every_task_runs_once() {
            let threads = Threads::new(4).hire();
            for tasks in [0, 1, 2, 7, 1000] {
                let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                threads.for_each(tasks, |task, worker| {
                    assert!(worker < 4);
                    counts[task].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|c| c.load(Ordering::Relaxed) == 1));
            }
        }

        #[test]
        fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
            let threads = Threads::new(3).hire();
            let caught = std::panic::catch_unwind(|| {
                threads.for_each(100, |task, _| assert!(task != 50, "task 50"));
            });
            assert!(caught.is_err());
            let sum = AtomicUsize::new(0);
            threads.for_each(10, |task, _| {
                sum.fetch_add(task, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 45);
        }

        #[test]
        fn callers_at_the_same_time_do_not_wait_for_each_other() {
            let threads = Threads::new(2).hire();
            std::thread::scope(|s| {
                for _ in 0..4 {
                    s.spawn(|| {
                        for _ in 0..200 {
                            let sum = AtomicUsize::new(0);
                            threads.for_each(20, |task, _| {
                                sum.fetch_add(task, Ordering::Relaxed);
                            });
                            assert_eq!(sum.into_inner(), 190);
                        }
                    });
                }
            });
        }
    }
}
