//! Records of measurements as tables of a page.

use crate::record::{files, json};
use crate::row::OURS;
use crate::{BenchError, BenchRecord, GrowthRecord, Holds, Row, ThresholdFile};
use rectifier_plot::Table;
use rectifier_plot::words::{count, error, error_name, percent, percents};
use rectifier_train::Objective;
use std::path::Path;

impl BenchRecord {
    fn heading(&self) -> String {
        format!(
            "{}; milliseconds a step, medians of {}.\n\n",
            self.environment.short(),
            count(
                self.rows.first().map_or(0, |row| row.rounds),
                "interleaved round"
            )
        )
    }

    /// The engines and programs that have a row, in the order of their first.
    fn engines(&self) -> Vec<&str> {
        let mut engines: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !engines.contains(&row.engine.as_str()) {
                engines.push(&row.engine);
            }
        }
        engines
    }

    /// What `engine` took for the work of `row`.
    fn ms(&self, row: &Row, engine: &str) -> Option<f64> {
        let mut rows = self.rows.iter();
        let found = rows.find(|other| other.same_work(row) && other.engine == engine);
        found.map(|found| found.ms)
    }

    /// The works that another program does too, in Markdown: a column a program, and the best of the other programs by name,
    /// with how many times as fast the best of ours is.
    pub fn speed_table(&self) -> String {
        let engines = self.engines().into_iter();
        let is_ours = |engine: &&str| OURS.iter().any(|(ours, _)| ours == engine);
        let peers: Vec<&str> = engines.filter(|engine| !is_ours(engine)).collect();
        let there = self.engines();
        let ours: Vec<(&str, &str)> = OURS
            .into_iter()
            .filter(|(engine, _)| there.contains(engine))
            .collect();
        let names = ["work", "batch", "zeros"].into_iter();
        let names = names
            .chain(ours.iter().map(|(_, name)| *name))
            .chain(peers.iter().copied())
            .chain(["best of the others", "times as fast"]);
        let mut table = Table::new(names).right(1);
        for row in self.rows.iter().filter(|row| row.engine == "sparse") {
            let best = |names: &mut dyn Iterator<Item = &str>| {
                let found = names.filter_map(|name| Some((name.to_string(), self.ms(row, name)?)));
                found.min_by(|a, b| a.1.total_cmp(&b.1))
            };
            let theirs = best(&mut peers.iter().copied());
            let own = best(&mut ours.iter().map(|(engine, _)| *engine));
            let (Some((peer, theirs)), Some((_, own))) = (theirs, own) else {
                continue;
            };
            let mut cells = vec![row.work.clone(), row.batch.to_string(), percent(row.zeros)];
            let engines = ours.iter().map(|(engine, _)| *engine);
            let engines = engines.chain(peers.iter().copied());
            cells.extend(engines.map(|engine| milliseconds(self.ms(row, engine))));
            cells.extend([peer, format!("{:.1}", theirs / own)]);
            table.push(cells);
        }
        format!("{}{}", self.heading(), table.markdown())
    }

    /// Every row, in Markdown: works below each other, engines and programs beside each other.
    pub fn whole_table(&self) -> String {
        let engines = self.engines();
        let names = ["work", "batch", "zeros"].into_iter();
        let mut table = Table::new(names.chain(engines.iter().copied())).right(1);
        let mut told: Vec<&Row> = Vec::new();
        for row in &self.rows {
            if told.iter().any(|earlier| earlier.same_work(row)) {
                continue;
            }
            told.push(row);
            let mut cells = vec![row.work.clone(), row.batch.to_string(), percent(row.zeros)];
            let times = engines
                .iter()
                .map(|engine| milliseconds(self.ms(row, engine)));
            cells.extend(times);
            table.push(cells);
        }
        format!("{}{}", self.heading(), table.markdown())
    }
}

fn milliseconds(ms: Option<f64>) -> String {
    ms.map_or(String::new(), |ms| format!("{ms:.3}"))
}

impl GrowthRecord {
    /// Every point, in Markdown: the engines, the bound, which of the two bounds that is, and how far the sparse engine is
    /// from it.
    pub fn bound_table(&self) -> String {
        let mut table = Table::new([
            "what grows",
            "to",
            "batch",
            "zeros",
            "sparse engine",
            "Burn engine",
            "bound",
            "times the bound",
            "held by",
        ])
        .right(1)
        .aligned(8, rectifier_plot::Align::Left);
        for point in &self.points {
            let of = |engine: &str| {
                let row = point.rows.iter().find(|row| row.engine == engine);
                row.map(|row| row.ms)
            };
            let (sparse, bound) = (of("sparse"), &point.bound);
            let held = match bound.holds {
                Holds::Traffic => "memory traffic",
                Holds::Arithmetic => "multiply-adds",
            };
            table.push([
                point.sweep.name().to_string(),
                point.sweep.short(point.at),
                point.batch.to_string(),
                percent(bound.load.zeros),
                milliseconds(sparse),
                milliseconds(of("burn")),
                milliseconds(Some(bound.ms)),
                sparse.map_or(String::new(), |ms| format!("{:.1}", ms / bound.ms)),
                held.to_string(),
            ]);
        }
        table.markdown()
    }
}

impl ThresholdFile {
    /// The studies in the folder `thresholds` of the folder of all records, in the order of their names.
    ///
    /// # Errors
    /// [`BenchError`] where one cannot be read or is no study.
    pub fn read_all(records: &Path) -> Result<Vec<Self>, BenchError> {
        let paths = files(&records.join("thresholds"))?;
        paths.iter().map(|path| json(path)).collect()
    }

    /// The study in Markdown.
    pub fn table(&self) -> String {
        let record = &self.record;
        let share = record.objective == Objective::Classification;
        let name = error_name(share);
        let hidden: Vec<String> = self.hidden.iter().map(usize::to_string).collect();
        let mut table = Table::new([
            "threshold".to_string(),
            "weights".into(),
            "exact zeros a layer".into(),
            format!("validation {name}"),
            "one example, us".into(),
            "examples/s, batch 256".into(),
        ])
        .right(2);
        for row in &record.rows {
            table.push([
                row.threshold.to_string(),
                row.weights.clone(),
                percents(&row.zeros),
                error(row.valid_error, share),
                format!("{:.1}", row.us_single),
                format!("{:.0}", row.examples_per_s),
            ]);
        }
        let chosen = record.rows.get(record.chosen);
        let chosen = chosen.map_or(String::new(), |row| {
            format!("{} with {} weights", row.threshold, row.weights)
        });
        format!(
            "{}, {}; {} threads, {}. Chosen on the validation part (at most {} worse than as trained): {chosen}; test {name} {}, {} as trained.\n\n{}",
            self.data,
            hidden.join("-"),
            record.threads,
            record.environment.level,
            error(record.tolerance, share),
            error(record.test_error_chosen, share),
            error(record.test_error_plain, share),
            table.markdown()
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Environment;

    fn row(engine: &str, setting: usize, ms: f64) -> Row {
        let text = format!(
            r#"{{"engine": "{engine}", "work": "infer", "batch": 10, "zeros": 0.5, "ms": {ms}, "examples_per_s": 1, "setting": {setting}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn every_program_has_its_column() {
        let record = BenchRecord {
            environment: Environment::here(),
            rows: vec![
                row("sparse", 0, 2.0),
                row("burn", 0, 8.0),
                row("sparse", 1, 1.0),
                row("burn", 1, 8.0),
                row("one|two", 0, 6.0),
                row("int8", 1, 3.0),
            ],
        };
        let text = record.speed_table();
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines[0],
            "| work | batch | zeros | sparse engine | Burn engine | one\\|two | int8 | best of the others | times as fast |"
        );
        assert_eq!(
            lines[2],
            "| infer | 10 | 50.00% | 2.000 | 8.000 | 6.000 |  | one\\|two | 3.0 |"
        );
        assert_eq!(
            lines[3],
            "| infer | 10 | 50.00% | 1.000 | 8.000 |  | 3.000 | int8 | 3.0 |"
        );
        assert_eq!(record.whole_table().lines().count(), 6);
    }
}
