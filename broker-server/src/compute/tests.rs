#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::mpsc,
    task::{Context, Poll, Waker},
};

use super::*;

const NEVER: Duration = Duration::from_secs(3600);

/// Polls once, which hands the job to the pool.
fn submit<F: Future>(future: Pin<&mut F>) {
    assert!(matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
}

/// A job that says when it starts and ends when it is told to.
fn gate() -> (impl FnOnce() + Send + 'static, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (started, has_started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let job = move || {
        started.send(()).unwrap();
        let _ = released.recv();
    };
    (job, has_started, release)
}

#[tokio::test]
async fn a_job_s_result_comes_back_from_another_thread() {
    let pool = Pool::new(1, 8, NEVER);
    let here = thread::current().id();
    assert_ne!(pool.run(Lane::Short, 1, None, || thread::current().id()).await.unwrap(), here);
    assert_eq!(pool.run(Lane::Long, 1, Some(Instant::now() + NEVER), || 7).await, Ok(7));
}

#[tokio::test]
async fn a_panic_costs_one_job_and_no_thread() {
    let pool = Pool::new(1, 8, NEVER);
    let before = pool.run(Lane::Short, 1, None, || thread::current().id()).await.unwrap();
    let panicked = pool.run(Lane::Short, 1, None, || std::panic::resume_unwind(Box::new(()))).await;
    assert_eq!(panicked, Err::<(), _>(ComputeError::Panicked));
    assert_eq!(pool.run(Lane::Short, 1, None, || thread::current().id()).await.unwrap(), before);
}

#[tokio::test]
async fn long_jobs_never_hold_every_thread() {
    for threads in 1..=4 {
        let pool = Pool::new(threads, 64, NEVER);
        let mut long = Vec::new();
        let mut gates = Vec::new();
        for _ in 0..threads * 2 {
            let (job, started, release) = gate();
            let pool = Arc::clone(&pool);
            let mut running = Box::pin(async move { pool.run(Lane::Long, 1, None, job).await });
            submit(running.as_mut());
            long.push(running);
            gates.push((started, release));
        }
        assert_eq!(pool.run(Lane::Short, 2, None, || 1).await, Ok(1), "{threads} threads");
        for (_, release) in &gates {
            release.send(()).unwrap();
        }
        for running in long {
            assert_eq!(running.await, Ok(()));
        }
    }
}

#[tokio::test]
async fn owners_take_turns() {
    let pool = Pool::new(1, 64, NEVER);
    let (job, started, release) = gate();
    let mut gated = pin!(pool.run(Lane::Short, 9, None, job));
    submit(gated.as_mut());
    started.recv().unwrap();
    let (order, seen) = mpsc::channel();
    let mut jobs = Vec::new();
    for (owner, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1"), (2, "b2")] {
        let order = order.clone();
        let mut running = Box::pin(pool.run(Lane::Short, owner, None, move || order.send(name).unwrap()));
        submit(running.as_mut());
        jobs.push(running);
    }
    release.send(()).unwrap();
    for running in jobs {
        running.await.unwrap();
    }
    assert_eq!(seen.try_iter().collect::<Vec<_>>(), ["a1", "b1", "c1", "a2", "b2", "a3"]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_without_a_wait_and_after_it_with_one() {
    for wait in [Duration::ZERO, Duration::from_millis(1)] {
        let pool = Pool::new(1, 1, wait);
        let (job, started, release) = gate();
        let mut gated = pin!(pool.run(Lane::Short, 1, None, job));
        submit(gated.as_mut());
        started.recv().unwrap();
        let mut queued = pin!(pool.run(Lane::Short, 1, None, || 5));
        submit(queued.as_mut());
        assert_eq!(pool.run(Lane::Short, 2, None, || 6).await, Err(ComputeError::QueueFull));
        assert_eq!(pool.queued(), 1);
        release.send(()).unwrap();
        assert_eq!(queued.await, Ok(5));
        assert_eq!(gated.await, Ok(()));
    }
}

#[tokio::test]
async fn a_caller_waits_for_a_place_and_gets_it() {
    let pool = Pool::new(1, 1, NEVER);
    let (job, started, release) = gate();
    let mut gated = pin!(pool.run(Lane::Short, 1, None, job));
    submit(gated.as_mut());
    started.recv().unwrap();
    let mut queued = pin!(pool.run(Lane::Short, 1, None, || 5));
    submit(queued.as_mut());
    let mut waiting = pin!(pool.run(Lane::Short, 2, None, || 6));
    submit(waiting.as_mut());
    assert_eq!(pool.queued(), 2);
    release.send(()).unwrap();
    assert_eq!(waiting.await, Ok(6));
    assert_eq!(queued.await, Ok(5));
}

#[tokio::test]
async fn a_waiting_job_wakes_an_idle_thread_when_it_gets_a_place() {
    // Two threads for short jobs and one place: each job must reach a thread although the other is held.
    let pool = Pool::new(4, 1, NEVER);
    let (first, first_started, first_release) = gate();
    let (second, second_started, second_release) = gate();
    let mut one = pin!(pool.run(Lane::Short, 1, None, first));
    let mut two = pin!(pool.run(Lane::Short, 1, None, second));
    submit(one.as_mut());
    submit(two.as_mut());
    first_started.recv().unwrap();
    second_started.recv().unwrap();
    drop((first_release, second_release));
    assert_eq!((one.await, two.await), (Ok(()), Ok(())));
}

#[tokio::test]
async fn one_owner_cannot_take_another_s_share() {
    let pool = Pool::new(1, 4, Duration::ZERO);
    let (job, started, release) = gate();
    let mut gated = pin!(pool.run(Lane::Short, 9, None, job));
    submit(gated.as_mut());
    started.recv().unwrap();
    let mut greedy = Vec::new();
    let mut modest = Box::pin(pool.run(Lane::Short, 2, None, || ()));
    submit(modest.as_mut());
    for _ in 0..2 {
        let mut running = Box::pin(pool.run(Lane::Short, 1, None, || ()));
        submit(running.as_mut());
        greedy.push(running);
    }
    // Four places between two owners: the third job of one is refused, the second of the other is not.
    assert_eq!(pool.run(Lane::Short, 1, None, || ()).await, Err(ComputeError::QueueFull));
    let mut again = Box::pin(pool.run(Lane::Short, 2, None, || ()));
    submit(again.as_mut());
    release.send(()).unwrap();
    again.await.unwrap();
}

#[tokio::test]
async fn a_job_whose_caller_has_gone_or_whose_deadline_has_passed_never_starts() {
    let pool = Pool::new(1, 2, NEVER);
    let (job, started, release) = gate();
    let mut gated = pin!(pool.run(Lane::Short, 1, None, job));
    submit(gated.as_mut());
    started.recv().unwrap();
    let (ran, has_run) = mpsc::channel();
    let send = |ran: &mpsc::Sender<&'static str>, name| {
        let ran = ran.clone();
        move || ran.send(name).unwrap()
    };
    let soon = Some(Instant::now() + Duration::from_millis(1));
    let late = pool.run(Lane::Short, 1, soon, send(&ran, "late")).await;
    assert_eq!(late, Err(ComputeError::DeadlineExceeded));
    let past = pool.run(Lane::Short, 1, Some(Instant::now()), send(&ran, "past")).await;
    assert_eq!(past, Err(ComputeError::DeadlineExceeded));
    for name in ["gone", "gone too", "gone while waiting"] {
        let mut gone = Box::pin(pool.run(Lane::Short, 1, None, send(&ran, name)));
        submit(gone.as_mut());
        if name == "gone" {
            drop(gone);
            assert_eq!(pool.queued(), 0);
        } else {
            assert_eq!(pool.queued(), 1);
        }
    }
    assert_eq!(pool.queued(), 0, "dropping the future takes the job out");
    release.send(()).unwrap();
    pool.run(Lane::Short, 1, None, send(&ran, "last")).await.unwrap();
    assert_eq!(has_run.try_iter().collect::<Vec<_>>(), ["last"]);
}

#[tokio::test]
async fn a_deadline_ends_the_wait_for_a_job_that_runs() {
    let pool = Pool::new(1, 2, NEVER);
    let (job, started, release) = gate();
    let soon = Some(Instant::now() + Duration::from_millis(20));
    assert_eq!(pool.run(Lane::Short, 1, soon, job).await, Err(ComputeError::DeadlineExceeded));
    drop(release);
    drop(started);
}

#[tokio::test]
async fn a_pool_that_ends_drops_what_waits_and_joins_what_runs() {
    let pool = Pool::new(1, 8, NEVER);
    let (job, started, release) = gate();
    let shared = Arc::clone(&pool.shared);
    let running = shared.submit(Lane::Short, 1, None, NEVER, Box::new(job)).unwrap();
    started.recv().unwrap();
    let (held, dropped) = mpsc::channel::<()>();
    let queued = shared.submit(Lane::Short, 1, None, NEVER, Box::new(move || drop(held))).unwrap();
    let ending = thread::spawn(move || drop(pool));
    assert_eq!(dropped.recv(), Err(mpsc::RecvError), "the queued job goes before the running one ends");
    assert!(matches!(
        shared.submit(Lane::Short, 1, None, NEVER, Box::new(|| ())),
        Err(ComputeError::ShuttingDown)
    ));
    release.send(()).unwrap();
    ending.join().unwrap();
    drop((running, queued));
}

#[test]
fn every_number_of_threads_serves_both_lanes() {
    assert_eq!(roles(1), [Takes::Short, Takes::Long]);
    assert_eq!(roles(2), [Takes::Short, Takes::LongThenShort]);
    assert_eq!(roles(5).iter().filter(|takes| **takes == Takes::LongThenShort).count(), 2);
}
