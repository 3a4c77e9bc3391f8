//! burn-train's dashboard, opened when a run really starts, and Ctrl-C kept alive in it.

use crate::terminal::Terminal;
use burn_train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn_train::metric::{MetricDefinition, MetricId};
use burn_train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining, default_renderer,
};
use burn_train::{Interrupter, LearnerSummary};
use std::collections::{HashMap, HashSet};
use std::io::IsTerminal;

/// Whether there is a terminal that a dashboard can be drawn on.
pub fn possible() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|name| name == "dumb");
    !dumb && std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

/// burn-train's terminal dashboard. It opens with the first start, so that whatever is wrong before shows on the plain
/// screen, and closes when dropped. A metric gets its place when there is something to see in it: pre-training knows
/// no error, fine-tuning no reconstruction.
pub struct Dashboard {
    interrupter: Interrupter,
    terminal: Terminal,
    known: HashSet<MetricId>,
    waiting: HashMap<MetricId, MetricDefinition>,
    tui: Option<Box<dyn MetricsRenderer>>,
}

impl Dashboard {
    /// A dashboard whose keys stop `interrupter`.
    pub fn new(interrupter: Interrupter, terminal: Terminal) -> Self {
        Self {
            interrupter,
            terminal,
            known: HashSet::new(),
            waiting: HashMap::new(),
            tui: None,
        }
    }

    fn open(&mut self, epochs_done: usize) -> &mut Box<dyn MetricsRenderer> {
        let Self {
            interrupter,
            terminal,
            tui,
            ..
        } = self;
        tui.get_or_insert_with(|| {
            terminal.remember();
            let tui = default_renderer(interrupter.clone(), Some(epochs_done));
            terminal.keep_interrupt();
            tui
        })
    }

    /// The dashboard, if it is open and `state` is worth showing, with the metric in its place.
    fn showing(&mut self, state: &MetricState) -> Option<&mut Box<dyn MetricsRenderer>> {
        let tui = self.tui.as_mut()?;
        let (entry, seen) = match state {
            MetricState::Generic(entry) => (entry, true),
            MetricState::Numeric(entry, value) => {
                let measured = value
                    .as_ref()
                    .is_some_and(|value| value.current().is_finite());
                (entry, measured)
            }
        };
        if !seen || entry.serialized_entry.is_not_available() {
            return None;
        }
        if let Some(definition) = self.waiting.remove(&entry.metric_id) {
            tui.register_metric(definition);
        }
        Some(tui)
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.tui = None;
        self.terminal.forget();
    }
}

impl MetricsRendererTraining for Dashboard {
    fn update_train(&mut self, state: MetricState) {
        if let Some(tui) = self.showing(&state) {
            tui.update_train(state);
        }
    }

    fn update_valid(&mut self, state: MetricState) {
        if let Some(tui) = self.showing(&state) {
            tui.update_valid(state);
        }
    }

    fn on_train_end(
        &mut self,
        summary: Option<LearnerSummary>,
    ) -> Result<(), Box<dyn core::error::Error>> {
        match &mut self.tui {
            Some(tui) => tui.on_train_end(summary),
            None => Ok(()),
        }
    }
}

impl TrainingProgressLogger for Dashboard {
    fn start(&mut self, epochs: usize, first: usize, items: Option<usize>, label: Option<&str>) {
        self.open(first.saturating_sub(1))
            .start(epochs, first, items, label);
    }

    fn update_epoch(&mut self, epoch: usize) {
        if let Some(tui) = &mut self.tui {
            tui.update_epoch(epoch);
        }
    }

    fn start_split(&mut self, split: &str, items: usize) {
        if let Some(tui) = &mut self.tui {
            tui.start_split(split, items);
        }
    }

    fn update_split(&mut self, done: usize) {
        if let Some(tui) = &mut self.tui {
            tui.update_split(done);
        }
    }

    fn end_split(&mut self) {
        if let Some(tui) = &mut self.tui {
            tui.end_split();
        }
    }

    fn end(&mut self) {
        if let Some(tui) = &mut self.tui {
            TrainingProgressLogger::end(tui.as_mut());
        }
    }

    /// burn-train counts its readings here as iterations; a run reads every so many steps, so the count would mislead.
    fn log_event_training(&mut self, _event: String) {}
}

impl MetricsRendererEvaluation for Dashboard {
    fn update_test(&mut self, _name: EvaluationName, _state: MetricState) {}
}

/// A run tests its network after the dashboard has closed.
impl EvaluationProgressLogger for Dashboard {
    fn start_global_progress(&mut self, _tests: usize) {}
    fn start_test(&mut self, _name: &str, _items: usize) {}
    fn update_test_progress(&mut self, _done: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _event: String) {}
}

impl MetricsRenderer for Dashboard {
    fn manual_close(&mut self) {
        if let Some(tui) = &mut self.tui {
            tui.manual_close();
        }
    }

    fn register_metric(&mut self, definition: MetricDefinition) {
        // Every start registers every metric again.
        if self.known.insert(definition.metric_id.clone()) {
            self.waiting
                .insert(definition.metric_id.clone(), definition);
        }
    }
}
