//! A method with its settings: what has a result of its own in a comparison, and what it is called
//! beside the others.

use crate::parts::method::{Value, values};
use rtb::run::{Method, Run};
use rtb::task::Task;
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    pub method: Method,
    /// What it is used on.
    task: Task,
    /// Iterations of training, where the method is trained.
    iterations: Option<usize>,
}

impl Setting {
    /// The method as it is compared on the run.
    pub fn new(method: Method, run: &Run) -> Self {
        Self {
            method,
            task: run.task(),
            iterations: method.is_trained().then_some(run.training.iterations),
        }
    }

    /// The method's name.
    pub fn name(&self) -> &'static str {
        self.method.info().name
    }

    /// All that is set, with its fields' names; it and the name are of this setting only.
    pub fn in_full(&self) -> String {
        let all = self.values().into_iter();
        let all: Vec<_> = all.map(|v| format!("{}={}", v.field, v.value)).collect();
        all.join(" ")
    }

    /// In the order of [`Method::all`], and the lower values first.
    pub fn order(&self, other: &Self) -> Ordering {
        let all = Method::all();
        let place = |s: &Self| all.iter().position(|m| m.info().name == s.name());
        let numbers = |s: &Self| s.values().iter().map(|v| v.value).collect::<Vec<_>>();
        place(self).cmp(&place(other)).then_with(|| {
            numbers(self)
                .partial_cmp(&numbers(other))
                .unwrap_or(Ordering::Equal)
        })
    }

    fn values(&self) -> Vec<Value> {
        let mut all = values(self.method);
        all.extend(self.iterations.map(|n| Value {
            field: "iterations",
            name: "iterations",
            value: n as f64,
        }));
        all
    }

    /// Whether it says something that this value is not the same in another setting.
    fn differs(&self, value: &Value, other: &Self) -> bool {
        // Iterations are set for all methods at once.
        let akin = value.field == "iterations" || other.name() == self.name();
        akin && other
            .values()
            .iter()
            .any(|v| v.field == value.field && v.value != value.value)
    }

    fn label(&self, all: &[Self]) -> String {
        let title = self.method.info().title;
        let default = self.task.method(self.name()).map_or(Vec::new(), values);
        let usual = |value: &Value| value.field == "iterations" || default.contains(value);
        let told: Vec<_> = self
            .values()
            .iter()
            .filter(|v| !usual(v) || all.iter().any(|other| self.differs(v, other)))
            .map(|v| format!("{} {}", v.name, v.value))
            .collect();
        if told.is_empty() {
            title.to_owned()
        } else {
            format!("{title} · {}", told.join(", "))
        }
    }
}

/// The title of each with what is not as usual or not the same everywhere.
pub fn labels(all: &[Setting]) -> Vec<String> {
    all.iter().map(|setting| setting.label(all)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtb::run::Preset;

    fn setting(method: Method, iterations: usize) -> Setting {
        let mut run = Run::default();
        run.training.iterations = iterations;
        Setting::new(method, &run)
    }

    fn dps(scale: f64, normalized: bool) -> Setting {
        setting(Method::Dps { scale, normalized }, 10)
    }

    fn smc(particles: usize, points: usize) -> Setting {
        let method = Method::Smc {
            particles,
            resample_below: 0.5,
            points,
            guidance: 0.0,
        };
        setting(method, 10)
    }

    #[test]
    fn every_method_as_it_comes_goes_by_its_title() {
        let all: Vec<_> = Method::all().into_iter().map(|m| setting(m, 10)).collect();
        let titles: Vec<_> = all.iter().map(|s| s.method.info().title).collect();
        assert_eq!(labels(&all), titles);
        assert!(all.is_sorted_by(|a, b| a.order(b) == Ordering::Less));
    }

    #[test]
    fn what_is_usual_depends_on_the_task() {
        let run = Preset::find("story-bike").unwrap().run;
        let all: Vec<_> = run.task().methods();
        let all: Vec<_> = all.into_iter().map(|m| Setting::new(m, &run)).collect();
        let titles: Vec<_> = all.iter().map(|s| s.method.info().title).collect();
        assert_eq!(labels(&all), titles);
        let looking = Method::find("smc").unwrap();
        assert_eq!(
            labels(&[Setting::new(looking, &run)]),
            ["SMC (RNE) · particles 5000, look ahead 16"]
        );
    }

    #[test]
    fn labels_tell_what_is_unusual_and_what_differs() {
        assert_eq!(
            labels(&[dps(2.0, false), dps(1.0, true)]),
            ["DPS · scale 2", "DPS, normalised"]
        );
        assert_eq!(
            labels(&[dps(1.0, false), dps(2.0, false)]),
            ["DPS · scale 1", "DPS · scale 2"]
        );
        assert_eq!(
            labels(&[smc(1000, 4), smc(5000, 4), smc(5000, 16)]),
            [
                "SMC (RNE) · particles 1000, look ahead 4",
                "SMC (RNE) · particles 5000, look ahead 4",
                "SMC (RNE) · particles 5000, look ahead 16",
            ]
        );
    }

    #[test]
    fn iterations_are_told_where_they_differ_and_not_of_what_is_not_trained() {
        let rtb = |iterations| setting(Method::Rtb {}, iterations);
        let trust_pcl = |iterations| setting(Method::TrustPcl { alpha: 2.0 }, iterations);
        assert_eq!(
            labels(&[rtb(5), trust_pcl(5), dps(1.0, false)]),
            ["RTB", "Trust-PCL · α 2", "DPS"]
        );
        assert_eq!(
            labels(&[rtb(5), rtb(600), trust_pcl(5), dps(1.0, false)]),
            [
                "RTB · iterations 5",
                "RTB · iterations 600",
                "Trust-PCL · α 2, iterations 5",
                "DPS",
            ]
        );
        assert_eq!(
            setting(Method::Importance { proposals: 1 }, 5),
            setting(Method::Importance { proposals: 1 }, 600)
        );
    }

    #[test]
    fn settings_in_full_are_fields_with_values_and_settings_sort_by_them() {
        assert_eq!(
            smc(500, 0).in_full(),
            "particles=500 resample_below=0.5 points=0 guidance=0"
        );
        assert_eq!(setting(Method::Rtb {}, 7).in_full(), "iterations=7");
        assert_eq!(dps(2.0, false).order(&dps(10.0, false)), Ordering::Less);
        assert_eq!(smc(500, 0).order(&dps(10.0, true)), Ordering::Greater);
    }
}
