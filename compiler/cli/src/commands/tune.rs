//! `netc tune`: measures which kernels are the fastest on this machine.

use crate::cli::Tune;
use crate::failure::Outcome;
use crate::files::Target;
use crate::measure::{images, ms, shortened};
use crate::network::{self, Network, failed};
use crate::source::plural;
use crate::table::{Align, Table};
use crate::{source, terminal};
use netc_compiler::Options;
use netc_plan::Plan;
use netc_runtime::cpu::{Machine, Method, Profile};
use netc_runtime::{Weights, prepare};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often each method has its turn, so that what disturbs the machine disturbs all of them.
const TURNS: u32 = 3;

/// Passes of a turn, at least.
const LEAST: usize = 3;

/// A measured advantage below this share is luck.
const LUCK: f64 = 0.02;

pub(crate) fn run(args: &Tune) -> Outcome {
    let compiled = source::network(&args.file, &Options::default())?;
    let target = Target::new(&output(args), source::files(&args.file, &compiled))?;
    let plan = compiled
        .plan
        .ok_or_else(|| source::incomplete(&args.file))?;
    let weights = network::random(&plan, 1)?;
    let here = Machine::here();
    let machine = match args.no_winograd {
        true => here.without_winograd(),
        false => here,
    };
    let mut steps = steps(&plan, machine);
    let threads = measure(args, &plan, machine, &weights, &mut steps)?;
    let best: Vec<(&str, Method)> = steps.iter().map(|step| (step.name, step.best())).collect();
    let batch = args.batch as usize;
    let profile = Profile::new(&plan, machine.level(), batch, threads, &best);
    let about = format!(
        "# {}, batch {batch}, {}, {}: written by netc tune\n",
        plan.name,
        plural(threads, "thread"),
        machine.level()
    );
    target.write(|out| write!(out, "{about}{profile}"))?;
    if !target.is_dash() {
        let gain = gain(&steps);
        terminal::print(&format!("{}\n{gain}", table(&steps)))?;
        terminal::status("Wrote", &target.path().display().to_string());
    }
    Ok(())
}

fn output(args: &Tune) -> PathBuf {
    args.output.clone().unwrap_or_else(|| {
        let mut name = args.file.file_stem().unwrap_or_default().to_os_string();
        name.push(".profile.toml");
        PathBuf::from(name)
    })
}

/// A step that there are several methods for.
struct Choosing<'p> {
    /// Its number in the plan.
    number: usize,
    name: &'p str,
    text: &'p str,
    /// What the machine would choose.
    own: Method,
    /// The methods, and the least time that each took.
    methods: Vec<(Method, Duration)>,
}

impl Choosing<'_> {
    /// The method of a round: each has one at least.
    fn of_round(&self, round: usize) -> usize {
        round.min(self.methods.len() - 1)
    }

    fn time(&self, method: Method) -> Duration {
        let mut all = self.methods.iter();
        all.find(|(this, _)| *this == method)
            .map_or(Duration::MAX, |(_, time)| *time)
    }

    /// The machine's own choice, unless another is faster by more than luck.
    fn best(&self) -> Method {
        let least = self.methods.iter().min_by_key(|(_, time)| *time);
        let worth = self.time(self.own).mul_f64(1.0 - LUCK);
        match least {
            Some((method, time)) if *time < worth => *method,
            _ => self.own,
        }
    }
}

fn steps(plan: &Plan, machine: Machine) -> Vec<Choosing<'_>> {
    let allowed = |method: &Method| machine.winograd() || !method.is_winograd();
    let steps = plan.forward.iter().enumerate();
    let all = steps.map(|(number, step)| {
        let methods = machine.methods(&step.op).filter(allowed);
        Choosing {
            number,
            name: &step.name,
            text: &step.text,
            own: machine.choice(&step.op).method,
            methods: methods.map(|method| (method, Duration::MAX)).collect(),
        }
    });
    all.filter(|step| step.methods.len() > 1).collect()
}

/// Times all methods, in turns; gives the number of threads.
fn measure(
    args: &Tune,
    plan: &Plan,
    machine: Machine,
    weights: &Weights,
    steps: &mut [Choosing<'_>],
) -> Outcome<usize> {
    let batch = args.batch as usize;
    let rounds = steps.iter().map(|step| step.methods.len()).max();
    let rounds = rounds.unwrap_or(1);
    let turn = Duration::from_secs_f64(args.seconds) / (TURNS * rounds as u32);
    let images = images(1, plan.input.iter().product::<usize>() * batch);
    let mut threads = 0;
    for round in (0..TURNS).flat_map(|_| 0..rounds) {
        let mut prepared = prepare(plan, machine, batch).map_err(|e| failed(&e))?;
        for step in &*steps {
            let (method, _) = step.methods[step.of_round(round)];
            let forced = prepared.force(step.name, method);
            forced.map_err(|e| failed(&e))?;
        }
        let executor = prepared.executor(weights).map_err(|e| failed(&e))?;
        let executor = executor.one_by_one();
        let network = Network {
            plan: plan.clone(),
            executor,
        };
        let mut workspace = network.workspace(batch, args.threads.count)?;
        threads = workspace.threads();
        let (start, mut times) = (Instant::now(), Vec::new());
        for pass in 0.. {
            times.clear();
            let done = network
                .executor
                .forward_timed(&mut workspace, &images, &mut times);
            done.map_err(|e| failed(&e))?;
            // The first pass warms up.
            for step in steps.iter_mut().filter(|_| pass > 0) {
                let method = step.of_round(round);
                let least = &mut step.methods[method].1;
                *least = times[step.number].min(*least);
            }
            if pass >= LEAST && start.elapsed() > turn {
                break;
            }
        }
    }
    Ok(threads)
}

fn table(steps: &[Choosing<'_>]) -> String {
    let mut table = Table::new(&[
        ("layer", Align::Left),
        ("what", Align::Left),
        ("netc's choice", Align::Left),
        ("ms", Align::Right),
        ("measured", Align::Left),
        ("ms", Align::Right),
    ]);
    for step in steps {
        let (own, best) = (step.own, step.best());
        let mut cells = vec![
            step.name.to_owned(),
            shortened(step.text),
            own.to_string(),
            ms(step.time(own)),
        ];
        cells.extend(match own == best {
            true => [String::new(), String::new()],
            false => [best.to_string(), ms(step.time(best))],
        });
        table.row(cells);
    }
    table.render()
}

fn gain(steps: &[Choosing<'_>]) -> String {
    let sum = |of: fn(&Choosing<'_>) -> Method| -> Duration {
        steps.iter().map(|step| step.time(of(step))).sum()
    };
    let changed = steps.iter().filter(|step| step.own != step.best()).count();
    format!(
        "{} of {} computed otherwise: {} ms in place of {} ms for all of them\n",
        changed,
        plural(steps.len(), "layer"),
        ms(sum(|step| step.best())),
        ms(sum(|step| step.own))
    )
}
