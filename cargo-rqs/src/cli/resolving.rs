//! How dependencies are resolved, as every command takes it that resolves some.

use clap::{ArgAction, Args};

use crate::commands::deps;
use crate::host::cargo::BuildOptions;

/// Features, and what else reaches cargo.
#[derive(Debug, Args)]
pub(super) struct Resolving {
    /// Features to switch on.
    #[arg(short = 'F', long, value_name = "FEATURES", value_delimiter = ',', action = ArgAction::Append)]
    features: Vec<String>,
    /// Switch all features on.
    #[arg(long)]
    all_features: bool,
    /// Leave the default features out.
    #[arg(long)]
    no_default_features: bool,
    /// Override a cargo configuration value.
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append)]
    config: Vec<String>,
    /// Toolchain for both sides [default: the one that is active here].
    #[arg(long, value_name = "NAME")]
    pub(super) toolchain: Option<String>,
    /// Insist on the committed lockfile.
    #[arg(long)]
    locked: bool,
    /// Work without the network.
    #[arg(long)]
    offline: bool,
}

impl Resolving {
    /// What reaches cargo of it.
    pub(super) fn options(self) -> BuildOptions {
        BuildOptions {
            features: self.features,
            all_features: self.all_features,
            no_default_features: self.no_default_features,
            config: self.config,
            locked: self.locked,
            offline: self.offline,
            ..BuildOptions::default()
        }
    }

    /// What was meant.
    pub(super) fn meant(mut self) -> deps::Resolving {
        let toolchain = self.toolchain.take();
        deps::Resolving { options: self.options(), toolchain }
    }
}
