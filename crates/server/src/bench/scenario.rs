//! What the scenarios have in common: how they are asked for, repeated and reported.

use super::figure::{Figures, Report};
use super::machine::Machine;
use super::site::Site;
use crate::config::Config;
use anyhow::Result;
use natter_store::DatabaseUrl;
use serde::Serialize;

/// Something to measure. Its fields are the flags that say how much of it, and the settings in its report.
pub(crate) trait Scenario: clap::Args + Serialize {
    /// What it is called.
    const NAME: &'static str;

    /// What it does, and what its figures mean.
    fn method(&self, database: &DatabaseUrl) -> Vec<String>;

    /// Measures once, with an empty database.
    async fn measure(&self, site: &mut Site, figures: &mut Figures) -> Result<()>;
}

/// A scenario, as often as it is to be repeated.
#[derive(Debug, Serialize, clap::Args)]
#[serde(bound = "")]
pub(crate) struct Runs<S: Scenario> {
    #[command(flatten)]
    #[serde(flatten)]
    scenario: S,
    /// Runs, each with a database of its own
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    runs: u32,
}

impl<S: Scenario> Runs<S> {
    /// Measures on the kind of database that the configuration names.
    pub(crate) async fn measure(&self, config: &Config) -> Result<Report> {
        let mut figures = Figures::default();
        for _ in 0..self.runs {
            Site::with(config, async |site| self.scenario.measure(site, &mut figures).await).await?;
        }
        let mut settings = serde_json::to_value(self)?;
        settings["database"] = config.database.url.to_string().into();
        Ok(Report {
            scenario: S::NAME,
            method: self.scenario.method(&config.database.url),
            version: env!("CARGO_PKG_VERSION"),
            machine: Machine::here(),
            settings,
            figures: figures.finish(),
        })
    }
}
