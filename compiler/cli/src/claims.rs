//! Claims that only the test set can judge: `expect accuracy >= 0.99`, `expect loss <= 0.05`.

use crate::experiment::Setup;
use crate::failure::{Failure, Outcome};
use crate::{source, terminal};
use netc_compiler::graph::{Claim, ClaimValue, Quantity};
use netc_grammar::ast::Relation;
use netc_grammar::{Code, Diagnostic};
use netc_train::evaluate::Evaluation;
use serde_json::{Value, json};

/// A claim with what came out.
struct Verdict<'a> {
    claim: &'a Claim,
    what: &'static str,
    claimed: f64,
    actual: f64,
}

impl Verdict<'_> {
    fn holds(&self) -> bool {
        let Self {
            actual, claimed, ..
        } = self;
        match self.claim.relation {
            Relation::Eq => actual == claimed,
            Relation::Ge => actual >= claimed,
            Relation::Le => actual <= claimed,
            Relation::Gt => actual > claimed,
            Relation::Lt => actual < claimed,
        }
    }

    fn text(&self) -> String {
        let relation = match self.claim.relation {
            Relation::Eq => "=",
            Relation::Ge => ">=",
            Relation::Le => "<=",
            Relation::Gt => ">",
            Relation::Lt => "<",
        };
        format!("{} {relation} {}", self.what, self.claimed)
    }
}

fn judge<'a>(setup: &'a Setup, figures: &Evaluation) -> Vec<Verdict<'a>> {
    let claims = setup.graph.claims.iter();
    let verdicts = claims.filter_map(|claim| {
        let (what, actual) = match claim.quantity {
            Quantity::Accuracy => ("accuracy", figures.accuracy),
            Quantity::Loss => ("loss", figures.loss),
            _ => return None,
        };
        let claimed = match claim.value {
            ClaimValue::Int(n) => n as f64,
            ClaimValue::Float(x) => x,
            ClaimValue::Size(_) => return None,
        };
        Some(Verdict {
            claim,
            what,
            claimed,
            actual,
        })
    });
    verdicts.collect()
}

/// The claims as JSON.
pub(crate) fn json(setup: &Setup, figures: &Evaluation) -> Value {
    let claims = judge(setup, figures);
    let claim = |c: &Verdict<'_>| json!({ "claim": c.text(), "holds": c.holds() });
    claims.iter().map(claim).collect()
}

/// Says which claims hold; the command ends with 1 if one does not. `set` is what the figures are of.
pub(crate) fn report(setup: &Setup, figures: &Evaluation, set: &str) -> Outcome {
    let mut broken = Vec::new();
    for claim in judge(setup, figures) {
        if claim.holds() {
            terminal::status("Holds", &format!("expect {}", claim.text()));
            continue;
        }
        let headline = format!(
            "the {set} {} is {:.4}, the file claims {}",
            claim.what,
            claim.actual,
            claim.text()
        );
        let error = Diagnostic::error(Code::E0503, headline, claim.claim.span);
        broken.push(error.primary("this claim does not hold"));
    }
    source::report(&setup.sources, &broken);
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Failure::reported())
    }
}
