//! What was checked of a network, and what came of it.

use crate::output::say;
use serde_json::{Value, json};

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    LeftOut,
}

/// The checks of one network.
pub struct Checks {
    name: String,
    done: Vec<(String, Outcome, String)>,
}

impl Checks {
    /// None yet.
    pub fn of(name: &str) -> Self {
        Self {
            name: name.into(),
            done: Vec::new(),
        }
    }

    /// `what` is as it should be.
    pub fn passed(&mut self, what: impl Into<String>, how: impl Into<String>) {
        self.done.push((what.into(), Outcome::Passed, how.into()));
    }

    /// `what` is not as it should be.
    pub fn failed(&mut self, what: impl Into<String>, how: impl Into<String>) {
        self.done.push((what.into(), Outcome::Failed, how.into()));
    }

    /// `what` was not looked at.
    pub fn left_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.done.push((what.into(), Outcome::LeftOut, why.into()));
    }

    /// `what` is as it should be, or not.
    pub fn hold(&mut self, what: impl Into<String>, right: bool, how: impl Into<String>) {
        match right {
            true => self.passed(what, how),
            false => self.failed(what, how),
        }
    }

    /// Whether nothing failed.
    pub fn all_passed(&self) -> bool {
        self.done
            .iter()
            .all(|(_, outcome, _)| *outcome != Outcome::Failed)
    }

    /// Says them, a line each, or all on one line of JSON.
    pub fn tell(&self, as_json: bool) {
        if as_json {
            say(&self.to_json().to_string());
            return;
        }
        say(&self.name);
        for (what, outcome, how) in &self.done {
            let word = match outcome {
                Outcome::Passed => "right",
                Outcome::Failed => "WRONG",
                Outcome::LeftOut => "left out",
            };
            say(&format!("  {word:<9} {what:<12} {how}"));
        }
    }

    fn to_json(&self) -> Value {
        let checks = self.done.iter().map(|(what, outcome, how)| {
            let passed = match outcome {
                Outcome::Passed => Some(true),
                Outcome::Failed => Some(false),
                Outcome::LeftOut => None,
            };
            json!({"check": what, "passed": passed, "detail": how})
        });
        json!({
            "name": self.name,
            "passed": self.all_passed(),
            "checks": checks.collect::<Vec<Value>>(),
        })
    }
}
