#![recursion_limit = "256"]
use rtb::config::Run;
use rtb::session::*;
fn main() {
    let mut run = Run::from_toml("preset = \"25-to-9\"").unwrap();
    for a in std::env::args().skip(1) {
        let (k, v) = a.split_once('=').unwrap();
        run = run.with(k, v).unwrap_or_else(|e| panic!("{e}"));
    }
    pollster::block_on(async {
        let t0 = std::time::Instant::now();
        let mut s = Session::open(run.clone(), cpu_device(), None, None)
            .await
            .unwrap();
        let r = s.evaluate(2000).await.unwrap();
        println!(
            "open+eval {:?} ess {:.3} tv {:.3} logz {:.3}",
            t0.elapsed(),
            r.ess,
            r.mode_total_variation,
            r.log_z_importance
        );
        let t0 = std::time::Instant::now();
        let mut acc = 0.0;
        while !s.finished() {
            let i = s.step().await.unwrap();
            acc += i.loss;
            if i.iteration % 50 == 0 {
                print!(
                    "{} loss {:.3} logz {:.3} std {:.3} {:.1}s {:.4}s/it",
                    i.iteration,
                    acc / 50.0,
                    i.log_z,
                    i.residual_std,
                    t0.elapsed().as_secs_f64(),
                    i.seconds
                );
                acc = 0.0;
                if i.iteration % 250 == 0 {
                    let r = s.evaluate(2000).await.unwrap();
                    print!(
                        "   tv {:.3} ess {:.3} iwz {:.3} std {:.3} exc {:.4} var {:.3} elbo {:.3} eubo {:.3}",
                        r.mode_total_variation,
                        r.ess,
                        r.log_z_importance,
                        r.residual_std,
                        r.excluded_mass,
                        r.within_mode_variance,
                        r.elbo,
                        r.eubo
                    );
                }
                println!();
            }
        }
        println!("train {:?}", t0.elapsed());
        let t0 = std::time::Instant::now();
        let r = s.evaluate(run.evaluation.samples).await.unwrap();
        println!("{r:#?} {:?}", t0.elapsed());
    });
}
