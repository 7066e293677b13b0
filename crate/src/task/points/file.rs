//! The tables that a run of points needs, among its files.

use super::table::Table;
use crate::engine::ConfigError;
use crate::run::Files;

/// The table in the file of a role, which this field names.
pub(super) fn table(files: &Files, role: &str, field: &str, name: &str) -> Result<Table, ConfigError> {
    let file = files.get(role).ok_or_else(|| "its file is missing".to_owned());
    file.and_then(Table::read)
        .map_err(|why| ConfigError::new(field, format!("`{name}`"), format!("a table of numbers ({why})")))
}
