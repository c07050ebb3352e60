//! One recipe per subcommand.
