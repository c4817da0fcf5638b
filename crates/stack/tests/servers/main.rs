//! The launchers of the real servers: each starts, keeps its data through a SIGKILL, stops in order, and leaves
//! nothing behind, also when the harness itself is killed.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what a failed test tells, and a child its test"
)]
#![expect(clippy::unwrap_used, reason = "a test that can't go on ends here")]

mod node;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use faultline_stack::run_id::RunId;
use futures::TryStreamExt;
use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use mongodb::bson::{Document, doc};
use node::{Node, left_of, stack};
use sqlx::{Connection as _, PgConnection, Row};

/// Set for the harness that is to be killed: the id of its run.
const VICTIM: &str = "FAULTLINE_TEST_VICTIM";

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_what_it_committed() {
    let mut node = Node::new("postgres", &RunId::random());
    node.start().await;
    node.is_prepared();
    let port = node.port(5432);
    let url = format!("postgres://postgres:password@127.0.0.1:{port}/users_db?sslmode=disable");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let kept = "create table kept (text text); insert into kept values ('it')";
    sqlx::raw_sql(kept).execute(&mut connection).await.unwrap();
    node.kill_and_start().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let row = sqlx::query("select text, current_setting('fsync') from kept")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!((row.get(0), row.get(1)), ("it", "on"));
    drop(connection);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq_keeps_what_it_confirmed() {
    let mut node = Node::new("rabbitmq", &RunId::random());
    node.start().await;
    assert!(node.is_secret("advanced.config"), "it holds the password");
    let url = format!("amqp://guest:guest@127.0.0.1:{}/%2f", node.port(5672));
    publish(&channel(&url).await).await;
    // RabbitMQ 3.10 writes the list of its quorum queues half a second late. Killed before that, it comes back
    // with a queue that is dead, though it had confirmed the message in it.
    node.wait_for_text("mnesia/faultline@localhost/quorum/faultline@localhost/names.dets", "%2F_kept").await;
    node.kill_and_start().await;
    let message = channel(&url).await.basic_get("kept".into(), BasicGetOptions::default()).await.unwrap();
    assert_eq!(message.unwrap().delivery.data, b"it");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mongo_keeps_what_it_acknowledged() {
    let mut node = Node::new("mongo", &RunId::random());
    node.start().await;
    let host = format!("mongodb://mongo:password@localhost:{}", node.port(27017));
    let urls = [format!("{host}/logs_db?ssl=false"), format!("{host}/logs_db?authSource=admin")];
    entries(&urls[0]).await.insert_one(doc! { "_id": "it" }).await.unwrap();
    node.kill_and_start().await;
    for url in urls {
        let found: Vec<Document> =
            entries(&url).await.find(doc! {}).await.unwrap().try_collect().await.unwrap();
        assert_eq!(found, [doc! { "_id": "it" }], "{url}");
    }
    node.stop().await;
}

/// Two stacks run side by side; the harness of one is killed. All of its processes go, the other stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_harness_takes_its_own_servers_with_it_and_no_others() {
    let (theirs, ours) = (RunId::random(), RunId::random());
    let mut harness = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "harness_to_be_killed", "--ignored", "--nocapture"])
        .env(VICTIM, theirs.as_str())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut nodes = stack(&ours).await;
    tokio::task::block_in_place(|| wait_for_line(&mut harness, "every server is up"));
    assert!(left_of(&theirs).len() > 6, "too few to be three servers: {:?}", left_of(&theirs));
    harness.kill().unwrap();
    harness.wait().unwrap();
    let gone = tokio::time::timeout(Duration::from_secs(10), gone(&theirs)).await;
    assert!(gone.is_ok(), "outlived their harness: {:?}", left_of(&theirs));
    for node in &mut nodes {
        node.check_ready().await;
        node.stop().await;
    }
    node::remove(&theirs);
}

/// Not a test of its own: what the test above kills.
#[ignore = "started by the test that kills it"]
#[tokio::test(flavor = "multi_thread")]
async fn harness_to_be_killed() {
    let Ok(run) = std::env::var(VICTIM) else { return };
    let _nodes = stack(&run.parse().unwrap()).await;
    println!("every server is up");
    std::future::pending::<()>().await;
}

async fn gone(run: &RunId) {
    while !left_of(run).is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn wait_for_line(harness: &mut Child, wanted: &str) {
    let lines = BufReader::new(harness.stdout.take().unwrap()).lines();
    let lines_before: Vec<String> =
        lines.map_while(Result::ok).take_while(|line| !line.contains(wanted)).collect();
    assert!(harness.try_wait().unwrap().is_none(), "the harness ended early: {lines_before:?}");
}

async fn channel(url: &str) -> Channel {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    connection.create_channel().await.unwrap()
}

async fn publish(channel: &Channel) {
    let mut quorum = FieldTable::default();
    quorum.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    channel.queue_declare("kept".into(), QueueDeclareOptions::durable(), quorum).await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let properties = BasicProperties::default().with_delivery_mode(2);
    let sent =
        channel.basic_publish("".into(), "kept".into(), BasicPublishOptions::default(), b"it", properties);
    assert!(matches!(sent.await.unwrap().await.unwrap(), Confirmation::Ack(_)));
}

async fn entries(url: &str) -> mongodb::Collection<Document> {
    mongodb::Client::with_uri_str(url).await.unwrap().database("logs_db").collection("kept")
}
