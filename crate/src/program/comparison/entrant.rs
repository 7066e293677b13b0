//! A method of a comparison, as it is typed and as tables call it.

use rtb::run::{ConfigError, Method, Run, assignment, merge};
use rtb::task::Task;
use toml::{Table, Value};

/// A method and what it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Entrant {
    pub method: Method,
    /// Its title and the fields that differ from its defaults on the task.
    pub label: String,
    /// What `--method` has to be given for it.
    pub typed: String,
}

impl Entrant {
    /// A method on a task.
    pub fn new(method: Method, task: Task) -> Self {
        let info = method.info();
        let defaults = task
            .method(info.name)
            .map_or_else(|_| Table::new(), |m| fields(&m));
        let own: Vec<String> = fields(&method)
            .iter()
            .filter(|(field, value)| defaults.get(*field) != Some(value))
            .map(|(field, value)| format!("{field}={}", bare(value)))
            .collect();
        let label = match own.as_slice() {
            [] => info.title.to_owned(),
            own => format!("{} ({})", info.title, own.join(", ")),
        };
        let typed = std::iter::once(info.name.to_owned())
            .chain(own)
            .collect::<Vec<_>>()
            .join(":");
        Self { method, label, typed }
    }

    /// Reads `NAME[:FIELD=VALUE…]`; the other fields have the task's defaults.
    pub fn parse(text: &str, task: Task) -> Result<Self, ConfigError> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let method = task.method(name).map_err(|unknown| ConfigError {
            field: "--method".to_owned(),
            ..unknown
        })?;
        let defaults = fields(&method);
        let mut table = Table::try_from(method).expect("a method is a TOML table");
        for part in parts {
            let refused = |value: &str, allowed| {
                ConfigError::new(format!("--method {name}"), format!("`{value}`"), allowed)
            };
            let (field, value) = part
                .split_once('=')
                .ok_or_else(|| refused(part, "FIELD=VALUE".to_owned()))?;
            if !defaults.contains_key(field) {
                return Err(refused(field, allowed(&defaults)));
            }
            merge(&mut table, assignment(field, value));
            // A value of another type: it is refused without its field.
            if let Err(error) = read(&table)
                && error.field == "method"
            {
                return Err(ConfigError {
                    field: format!("--method {name}:{field}"),
                    ..error
                });
            }
        }
        let method = read(&table).map_err(|error| ConfigError {
            field: error.field.replacen("method.", &format!("--method {name}:"), 1),
            ..error
        })?;
        Ok(Self::new(method, task))
    }
}

/// The method in a table.
fn read(table: &Table) -> Result<Method, ConfigError> {
    let run = Table::from_iter([("method".to_owned(), Value::Table(table.clone()))]);
    Ok(Run::default().overlaid(run)?.method)
}

/// The fields of a method with their values.
pub fn fields(method: &Method) -> Table {
    let mut table = Table::try_from(method).expect("a method is a TOML table");
    table.remove("kind");
    table
}

/// A value as it is typed: text without its quotes.
pub fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn allowed(fields: &Table) -> String {
    if fields.is_empty() {
        return "no fields: this method has none".to_owned();
    }
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    format!("one of its fields: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::Entrant;
    use rtb::run::Method;
    use rtb::task::Task;

    #[test]
    fn what_differs_from_the_defaults_is_said() {
        let shown_on = |task, text| {
            let entrant = Entrant::parse(text, task).expect("a method");
            (entrant.label, entrant.typed)
        };
        let of = |name| Task::find(name).expect("a task");
        let shown = |text| shown_on(Task::default(), text);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(shown("rtb"), pair("RTB", "rtb"));
        assert_eq!(shown("dps:scale=0.5"), pair("DPS (scale=0.5)", "dps:scale=0.5"));
        assert_eq!(shown("dps:scale=1.0"), pair("DPS", "dps"));
        assert_eq!(
            shown("policy-gradient:kl_weight=0.5").1,
            "policy-gradient-kl:kl_weight=0.5"
        );
        let smc = |task, text| shown_on(task, text).0;
        assert_eq!(smc(of("stories"), "smc"), "SMC (RNE)");
        assert_eq!(smc(of("stories"), "smc:points=16"), "SMC (RNE) (points=16)");
        assert_eq!(smc(Task::default(), "smc:points=0"), "SMC (RNE) (points=0)");
    }

    #[test]
    fn a_wrong_value_is_named_with_its_field() {
        let refused = |text| {
            let error = Entrant::parse(text, Task::default()).expect_err("it is refused");
            error.to_string()
        };
        let wrong_type = refused("dps:scale=abc");
        assert!(wrong_type.starts_with("--method dps:scale: "), "{wrong_type}");
        assert!(wrong_type.ends_with("; use a number"), "{wrong_type}");
        let too_large = refused("dps:scale=500");
        assert!(
            too_large.starts_with("--method dps:scale: 500 is not allowed; use a number from 0"),
            "{too_large}"
        );
        let no_choice = refused("policy-gradient:advantage=abc");
        assert!(
            no_choice.starts_with("--method policy-gradient:advantage: `abc`"),
            "{no_choice}"
        );
    }

    #[test]
    fn every_method_can_be_typed() {
        for task in Task::all() {
            for method in [task.methods(), Method::all()].concat() {
                let entrant = Entrant::new(method, task);
                assert_eq!(Entrant::parse(&entrant.typed, task), Ok(entrant));
            }
        }
    }
}
