//! Each scenario through the client library, a socket and the real server, in every mode.

#![allow(clippy::expect_used, reason = "a benchmark whose calls fail has nothing to measure")]

use std::{cell::LazyCell, env, sync::Arc, time::Duration};

use broker_benches::{
    Failure,
    in_process::InProcess,
    load::Rig,
    scenario::Scenario,
    scenarios, server,
    suite::{self, Mode, ServerCpu},
};

fn main() -> Result<(), Failure> {
    let scenarios: Vec<Arc<Scenario>> =
        scenarios::all(&InProcess::new(Some(server::keys_folder()?))?)?.into_iter().map(Arc::new).collect();
    let mut modes = Mode::chosen()?;
    if env::args().any(|argument| argument == "--list") {
        // The ids are the same in every mode.
        modes.truncate(1);
    }
    for mode in modes {
        measure(mode, &scenarios)?;
    }
    Ok(())
}

fn measure(mode: Mode, scenarios: &[Arc<Scenario>]) -> Result<(), Failure> {
    eprintln!("end to end, {}", mode.name());
    // The server starts when it is needed: a filter without a match needs none.
    let rig = LazyCell::new(|| {
        server::binary().and_then(|binary| Rig::start(&binary, mode)).expect("the server starts")
    });
    let mut criterion = suite::criterion(&suite::mode_folder(mode))?;
    let mut cpu = ServerCpu::new();
    for scenario in scenarios.iter().filter(|scenario| mode.has(scenario)) {
        let (mut calls, mut used) = (0, Some(Duration::ZERO));
        criterion.bench_function(&scenario.id, |bencher| {
            // The server starts before criterion measures.
            let rig = LazyCell::force(&rig);
            bencher.iter_custom(|wanted| {
                let before = rig.server_cpu();
                let (made, took) = rig.time(scenario, wanted).expect("the scenario succeeds");
                calls += made;
                used =
                    used.zip(rig.server_cpu()).zip(before).map(|((used, now), before)| used + (now - before));
                took.mul_f64(wanted as f64 / made as f64)
            });
        });
        if let (Some(used), 1..) = (used, calls) {
            cpu.insert(scenario.id.clone(), used.as_nanos() as f64 / calls as f64);
        }
    }
    criterion.final_summary();
    suite::save_server_cpu(mode, cpu)
}
