//! One suite, run on each database: what [`natter_store::Store`] promises does not depend on where it is kept.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod account;
mod conversation;
mod faults;
mod harness;
mod installation;
mod log;
mod message;
mod migration;
mod model;
mod no_trace;
mod open;
mod random;
mod refusal;
mod replay;
mod search;
mod send;
mod variants;

/// Runs each test on each database.
macro_rules! conformance {
    ($($module:ident::$test:ident,)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::$module::$test(crate::harness::Db::sqlite()).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::$module::$test(crate::harness::Db::postgres()).await;
            })*
        }
    };
}

conformance! {
    account::a_user_is_found_by_id_by_name_and_for_signing_in,
    account::a_taken_username_is_refused,
    account::users_are_found_by_names_and_ids,
    account::a_new_password_ends_the_sessions,
    account::a_role_is_replaced,
    account::a_session_lives_until_it_expires_or_ends,
    account::signing_in_forgets_the_sessions_that_are_over,
    account::a_refresh_token_works_once,
    account::a_reused_refresh_token_ends_the_session,
    account::an_expired_or_unknown_session_is_not_rotated,
    conversation::a_group_has_an_owner_and_members,
    conversation::a_pair_has_one_direct_conversation,
    conversation::racing_pairs_get_one_direct_conversation,
    conversation::unknown_people_are_refused,
    conversation::who_is_no_member_sees_nothing,
    conversation::the_list_is_by_activity,
    conversation::pages_of_the_list_neither_repeat_nor_skip,
    conversation::unread_counts_what_others_sent_past_the_read_position,
    installation::the_first_secret_wins_for_ever,
    installation::the_epoch_survives,
    installation::the_database_answers,
    log::positions_have_no_gaps_under_concurrent_writers,
    log::the_feed_is_the_log,
    log::pages_of_events_follow_one_another,
    log::a_batch_may_build_on_itself,
    log::what_is_queued_is_committed_after_the_store_is_gone,
    message::a_message_reads_back_as_it_was_sent,
    message::a_conversation_is_as_new_as_its_latest_message,
    message::windows_have_exact_edges,
    message::a_window_needs_a_place_of_its_own_conversation,
    message::a_deleted_message_stays_as_a_tombstone,
    message::reactions_are_counted_in_the_order_of_first_use,
    migration::goes_up_and_down_and_up,
    migration::what_is_there_survives_the_way_back_and_forth,
    migration::a_changed_file_is_refused,
    migration::a_newer_schema_is_refused,
    migration::nodes_that_start_at_once_migrate_once,
    no_trace::a_write_that_fails_anywhere_leaves_no_trace,
    no_trace::a_message_that_fails_harms_only_itself,
    no_trace::a_write_that_fails_in_a_batch_fails_alone,
    no_trace::the_same_write_again_changes_nothing,
    random::histories_match_a_simple_model,
    refusal::what_is_forbidden_changes_nothing,
    refusal::what_there_is_too_much_of_is_refused,
    search::every_language_is_found,
    search::what_was_found_is_highlighted,
    search::a_hit_is_the_message_as_its_conversation_shows_it,
    search::only_members_find,
    search::what_is_edited_is_found_as_it_is_now,
    search::whom_one_blocks_is_not_found,
    search::system_messages_are_not_found,
    search::filters_leave_out_the_rest,
    search::the_best_of_the_newest_come_first,
    search::pages_are_complete_while_messages_come_and_go,
    search::pages_have_exact_edges,
    search::the_index_is_built_from_what_waits,
    search::several_may_index_at_once,
    search::what_was_written_before_there_was_an_index_is_found,
    search::a_damaged_index_hides_nothing,
    send::only_members_send,
    send::an_archived_conversation_takes_no_messages,
    send::replies_and_threads_stay_in_their_conversation,
    send::a_repeat_creates_nothing,
    send::a_key_with_other_content_is_a_conflict,
    send::a_key_is_the_senders_own_in_each_conversation,
    send::repeats_within_one_batch_are_recognised,
    send::a_repeat_is_recognised_after_reopening,
    send::a_deleted_message_keeps_its_key,
    send::the_same_id_again_is_the_same_write,
}
