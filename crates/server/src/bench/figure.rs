//! What a measurement found.

use super::machine::Machine;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// A scenario's result: all that is needed to judge it, and to run it again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// Which.
    pub(crate) scenario: &'static str,
    /// What it does, and what its figures mean.
    pub(crate) method: Vec<String>,
    /// Of natter.
    pub(crate) version: &'static str,
    /// Where it ran.
    pub(crate) machine: Machine,
    /// The size of the scenario.
    pub(crate) settings: Value,
    /// What it found.
    pub(crate) figures: Vec<Figure>,
}

/// One thing that was measured in every run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: &'static str,
    /// In what.
    pub(crate) unit: &'static str,
    /// Of the runs.
    pub(crate) min: f64,
    /// Of the runs.
    pub(crate) median: f64,
    /// Of the runs.
    pub(crate) max: f64,
    /// What is required of the median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<Limit>,
    /// Whether the median is within the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met: Option<bool>,
    /// Each run, in order.
    pub(crate) runs: Vec<f64>,
}

/// What is required of a figure.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Limit {
    /// No less.
    AtLeast(f64),
    /// No more.
    AtMost(f64),
}

/// The figures of a scenario while it runs.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Adds what a run measured.
    pub(super) fn add(&mut self, name: &'static str, unit: &'static str, value: f64) {
        self.record(name, unit, None, value);
    }

    /// Adds what a run measured of something that there is a requirement for.
    pub(super) fn require(&mut self, name: &'static str, unit: &'static str, limit: Limit, value: f64) {
        self.record(name, unit, Some(limit), value);
    }

    fn record(&mut self, name: &'static str, unit: &'static str, limit: Option<Limit>, value: f64) {
        let known = self.0.iter().position(|figure| figure.name == name);
        let place = known.unwrap_or_else(|| {
            self.0.push(Figure {
                name,
                unit,
                min: 0.0,
                median: 0.0,
                max: 0.0,
                limit,
                met: None,
                runs: Vec::new(),
            });
            self.0.len() - 1
        });
        self.0[place].runs.push(value);
    }

    pub(super) fn finish(mut self) -> Vec<Figure> {
        self.0.iter_mut().for_each(Figure::sum_up);
        self.0
    }
}

impl Figure {
    fn sum_up(&mut self) {
        let mut runs = self.runs.clone();
        runs.sort_unstable_by(f64::total_cmp);
        self.min = runs.first().copied().unwrap_or_default();
        self.max = runs.last().copied().unwrap_or_default();
        let middle = runs.len() / 2;
        self.median = match runs.get(middle.saturating_sub(1)..=middle) {
            Some([low, high]) if runs.len().is_multiple_of(2) => f64::midpoint(*low, *high),
            _ => runs.get(middle).copied().unwrap_or_default(),
        };
        self.met = self.limit.map(|limit| match limit {
            Limit::AtLeast(least) => self.median >= least,
            Limit::AtMost(most) => self.median <= most,
        });
    }

    fn verdict(&self) -> String {
        let Some(limit) = self.limit else { return String::new() };
        let verdict = if self.met == Some(true) { "met" } else { "MISSED" };
        match limit {
            Limit::AtLeast(least) => format!("  {verdict}: at least {least}"),
            Limit::AtMost(most) => format!("  {verdict}: at most {most}"),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processors, model, memory_gib, kernel } = &self.machine;
        writeln!(f, "natter {} bench {}", self.version, self.scenario)?;
        writeln!(f, "{processors} processors ({model}), {memory_gib:.0} GiB, Linux {kernel}")?;
        writeln!(f, "{}\n", self.settings)?;
        for line in &self.method {
            writeln!(f, "{line}\n")?;
        }
        let width = self.figures.iter().map(|figure| figure.name.len()).max().unwrap_or_default();
        writeln!(f, "{:width$}  {:>11} {:>11} {:>11}", "", "min", "median", "max")?;
        for figure in &self.figures {
            let Figure { name, unit, min, median, max, .. } = figure;
            writeln!(
                f,
                "{name:width$}  {:>11} {:>11} {:>11} {unit:8}{}",
                short(*min),
                short(*median),
                short(*max),
                figure.verdict()
            )?;
        }
        Ok(())
    }
}

/// How often in a second.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// How long for each of them.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) fn micros_each(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

/// Three significant digits are more than a busy machine deserves.
fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Limit};

    #[test]
    fn the_median_of_the_runs_decides() {
        let mut figures = Figures::default();
        for (ratio, start_ms) in [(0.4, 10.0), (0.7, 30.0), (0.6, 200.0), (0.5, 20.0)] {
            figures.require("ratio", "", Limit::AtLeast(0.5), ratio);
            figures.require("start", "ms", Limit::AtMost(20.0), start_ms);
        }
        let [ratio, start] = figures.finish().try_into().unwrap();
        assert_eq!((ratio.min, ratio.median, ratio.max, ratio.met), (0.4, 0.55, 0.7, Some(true)));
        assert_eq!((start.min, start.median, start.max, start.met), (10.0, 25.0, 200.0, Some(false)));
        assert_eq!(start.runs, [10.0, 30.0, 200.0, 20.0]);
    }
}
