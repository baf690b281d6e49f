#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::mpsc,
    task::{Context, Poll, Waker},
};

use super::*;

const NEVER: Duration = Duration::from_secs(3600);

/// Polls once, which submits the job to the pool.
fn submit<F: Future>(future: Pin<&mut F>) {
    assert!(matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
}

/// Returns a job that signals its start and ends when it is released.
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
async fn run_returns_the_result_from_another_thread() {
    let pool = Pool::new(1, 8, NEVER);
    let here = thread::current().id();
    assert_ne!(pool.run(Lane::Short, 1, None, || thread::current().id()).await.unwrap(), here);
    assert_eq!(pool.run(Lane::Long, 1, Some(Instant::now() + NEVER), || 7).await, Ok(7));
}

#[tokio::test]
async fn panic_fails_one_job_and_keeps_the_thread() {
    let pool = Pool::new(1, 8, NEVER);
    let before = pool.run(Lane::Short, 1, None, || thread::current().id()).await.unwrap();
    let panicked = pool.run(Lane::Short, 1, None, || std::panic::resume_unwind(Box::new(()))).await;
    assert_eq!(panicked, Err::<(), _>(ComputeError::Panicked));
    assert_eq!(pool.run(Lane::Short, 1, None, || thread::current().id()).await.unwrap(), before);
}

#[tokio::test]
async fn long_jobs_never_occupy_every_thread() {
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
async fn connections_are_served_round_robin() {
    let pool = Pool::new(1, 64, NEVER);
    let (job, started, release) = gate();
    let mut gated = pin!(pool.run(Lane::Short, 9, None, job));
    submit(gated.as_mut());
    started.recv().unwrap();
    let (order, seen) = mpsc::channel();
    let mut jobs = Vec::new();
    for (connection, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1"), (2, "b2")] {
        let order = order.clone();
        let mut running =
            Box::pin(pool.run(Lane::Short, connection, None, move || order.send(name).unwrap()));
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
async fn full_queue_refuses_after_its_wait() {
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
async fn caller_waits_for_a_slot_and_gets_it() {
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
async fn promoted_job_wakes_an_idle_thread() {
    // With two threads for short jobs and one slot, each job must reach a thread while the other job is blocked.
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
async fn connection_cannot_exceed_its_share() {
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
    // Two connections share four slots: the third job of one is refused, the second of the other is not.
    assert_eq!(pool.run(Lane::Short, 1, None, || ()).await, Err(ComputeError::QueueFull));
    let mut again = Box::pin(pool.run(Lane::Short, 2, None, || ()));
    submit(again.as_mut());
    release.send(()).unwrap();
    again.await.unwrap();
}

#[tokio::test]
async fn cancelled_and_expired_jobs_never_start() {
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
    assert_eq!(pool.queued(), 0, "dropping the future removes the job");
    release.send(()).unwrap();
    pool.run(Lane::Short, 1, None, send(&ran, "last")).await.unwrap();
    assert_eq!(has_run.try_iter().collect::<Vec<_>>(), ["last"]);
}

#[tokio::test]
async fn deadline_ends_the_wait_for_a_running_job() {
    let pool = Pool::new(1, 2, NEVER);
    let (job, started, release) = gate();
    let soon = Some(Instant::now() + Duration::from_millis(20));
    assert_eq!(pool.run(Lane::Short, 1, soon, job).await, Err(ComputeError::DeadlineExceeded));
    drop(release);
    drop(started);
}

#[tokio::test]
async fn dropped_pool_drops_queued_jobs_and_joins_running_ones() {
    let pool = Pool::new(1, 8, NEVER);
    let (job, started, release) = gate();
    let shared = Arc::clone(&pool.shared);
    let running = shared.submit(Lane::Short, 1, None, NEVER, Box::new(job)).unwrap();
    started.recv().unwrap();
    let (held, dropped) = mpsc::channel::<()>();
    let queued = shared.submit(Lane::Short, 1, None, NEVER, Box::new(move || drop(held))).unwrap();
    let ending = thread::spawn(move || drop(pool));
    assert_eq!(dropped.recv(), Err(mpsc::RecvError), "the queued job is dropped before the running one ends");
    assert!(matches!(
        shared.submit(Lane::Short, 1, None, NEVER, Box::new(|| ())),
        Err(ComputeError::ShuttingDown)
    ));
    release.send(()).unwrap();
    ending.join().unwrap();
    drop((running, queued));
}

#[test]
fn any_number_of_threads_serves_both_lanes() {
    assert_eq!(roles(1), [Role::Short, Role::Long]);
    assert_eq!(roles(2), [Role::Short, Role::LongThenShort]);
    assert_eq!(roles(5).iter().filter(|role| **role == Role::LongThenShort).count(), 2);
}
