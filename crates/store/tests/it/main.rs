//! One suite, run on each database: what [`natter_store::Store`] promises does not depend on where it is kept.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod account;
mod block;
mod conversation;
mod conversation_delete;
mod conversation_update;
mod draft;
mod faults;
mod file;
mod file_scan;
mod harness;
mod idempotency;
mod installation;
mod invite;
mod ip_rule;
mod list;
mod log;
mod member;
mod mention;
mod message;
mod message_delete;
mod message_edit;
mod migration;
mod model;
mod no_trace;
mod nodes;
mod open;
mod pin;
mod presence;
mod preview;
mod random;
mod reaction;
mod read;
mod refusal;
mod replay;
mod resume;
mod revocation;
mod roster;
mod scheduled;
mod search;
mod send;
mod session;
mod statements;
mod user;
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
    account::a_trade_whose_answer_was_lost_can_be_repeated_for_a_minute,
    account::an_expired_or_unknown_session_is_not_rotated,
    block::a_block_is_known_to_both,
    block::a_direct_conversation_opens_when_the_last_block_ends,
    block::nobody_begins_anything_with_whom_they_keep_away,
    block::what_changes_for_oneself_is_told_to_oneself,
    block::who_is_blocked_is_listed_by_name,
    conversation::a_group_has_an_owner_and_members,
    conversation::a_pair_has_one_direct_conversation,
    conversation::racing_pairs_get_one_direct_conversation,
    conversation::unknown_people_are_refused,
    conversation::who_is_no_member_sees_nothing,
    conversation::the_list_is_by_activity,
    conversation::pages_of_the_list_neither_repeat_nor_skip,
    conversation::unread_counts_what_others_sent_past_the_read_position,
    conversation_delete::nobody_sees_what_is_deleted,
    conversation_delete::a_pair_can_begin_anew,
    conversation_delete::what_is_deleted_is_erased_bit_by_bit,
    conversation_delete::old_keys_are_erased,
    conversation_update::only_what_changes_is_told,
    conversation_update::a_topic_can_be_cleared,
    conversation_update::whoever_was_demoted_a_moment_ago_changes_nothing,
    draft::a_draft_is_kept_until_it_is_empty,
    draft::the_newest_draft_comes_first,
    file::content_is_kept_once,
    file::a_message_shows_its_files_wherever_it_is_shown,
    file::whoever_is_in_a_conversation_that_holds_a_file_may_fetch_it,
    file::only_ones_own_files_and_those_that_one_sees_are_sent,
    file::there_is_as_much_room_as_there_is,
    file::what_nothing_holds_is_erased_in_the_end,
    file::a_message_may_wait_with_its_files,
    file::the_files_of_a_conversation_come_in_pages,
    file::content_that_comes_and_goes_at_once_is_kept_once,
    file_scan::what_is_clean_can_be_fetched,
    file_scan::what_is_infected_is_told_to_those_who_hold_it,
    file_scan::a_scanner_that_is_away_is_asked_again,
    file_scan::what_is_found_is_told_bit_by_bit,
    file_scan::a_message_is_told_of_once,
    preview::what_was_found_is_known_until_it_expires,
    preview::a_message_shows_what_is_behind_its_links,
    preview::nothing_is_shown_of_links_that_are_there_no_more,
    preview::what_comes_too_late_changes_nothing,
    preview::a_picture_is_there_as_long_as_something_shows_it,
    preview::nobody_looks_who_does_not_want_to,
    idempotency::a_key_has_one_answer,
    idempotency::a_key_that_is_given_back_is_free,
    idempotency::a_claim_that_was_given_up_is_taken_over,
    idempotency::of_many_at_once_one_gets_the_key,
    installation::the_first_secret_wins_for_ever,
    installation::the_epoch_survives,
    installation::the_database_answers,
    invite::a_link_lets_in_whoever_has_it,
    invite::a_link_lets_in_no_more_than_it_says,
    invite::a_link_ends_at_its_time,
    invite::a_revoked_link_is_gone,
    ip_rule::rules_are_listed_oldest_first,
    ip_rule::the_same_rule_again_is_the_first_one,
    list::filters_leave_out_the_rest_of_a_list,
    list::a_page_goes_on_where_the_last_one_ended,
    list::a_conversation_is_found_by_a_part_of_its_name,
    list::the_other_of_two_is_the_title,
    list::what_is_muted_or_archived_does_not_add_to_the_total,
    list::public_channels_are_found_by_name,
    log::positions_have_no_gaps_under_concurrent_writers,
    log::the_feed_is_the_log,
    log::pages_of_events_follow_one_another,
    log::a_batch_may_build_on_itself,
    log::what_is_queued_is_committed_after_the_store_is_gone,
    member::whoever_is_added_is_told_of,
    member::whoever_is_disabled_is_not_added_and_inherits_last,
    member::anybody_joins_a_public_channel,
    member::nothing_of_a_member_is_left_when_they_leave,
    member::who_outranks_whom_decides,
    member::a_conversation_is_handed_over,
    member::the_highest_then_the_eldest_follows_the_owner,
    member::members_are_listed_by_name_in_pages,
    member::where_somebody_stands_is_read_in_one_look,
    mention::a_mention_counts_for_members_without_a_block,
    mention::a_later_block_hides_a_mention_until_it_ends,
    mention::all_are_mentioned_at_once,
    mention::who_was_here_is_mentioned,
    mention::an_edit_mentions_anew,
    message::a_message_reads_back_as_it_was_sent,
    message::a_conversation_is_as_new_as_its_latest_message,
    message::windows_have_exact_edges,
    message::a_thread_has_windows_of_its_own,
    message::a_window_needs_a_place_of_its_own_conversation,
    message::a_deleted_message_stays_as_a_tombstone,
    message::reactions_are_counted_in_the_order_of_first_use,
    message_delete::nothing_is_left_of_a_deleted_message_but_its_place,
    message_delete::moderators_see_what_a_deleted_message_said,
    message_delete::moderators_delete_what_others_wrote,
    message_delete::one_may_take_back_what_one_said_where_nothing_more_is_said,
    message_edit::an_edit_replaces_text_and_mentions,
    message_edit::what_a_message_said_before_is_kept,
    message_edit::an_edit_leaves_the_rest_of_a_message_alone,
    message_edit::edits_within_one_batch_follow_one_another,
    message_edit::a_system_message_says_what_happened,
    migration::goes_up_and_down_and_up,
    migration::what_is_there_survives_the_way_back_and_forth,
    migration::files_come_and_go_without_a_trace,
    migration::a_changed_file_is_refused,
    migration::a_newer_schema_is_refused,
    migration::nodes_that_start_at_once_migrate_once,
    no_trace::a_write_that_fails_anywhere_leaves_no_trace,
    no_trace::a_message_that_fails_harms_only_itself,
    no_trace::a_write_that_fails_in_a_batch_fails_alone,
    no_trace::the_same_write_again_changes_nothing,
    pin::the_newest_pin_comes_first,
    pin::pinning_is_told_of_and_unpinning_is_not,
    random::histories_match_a_simple_model,
    presence::when_somebody_was_last_seen_never_goes_back,
    presence::who_is_hidden_is_seen_by_nobody_else,
    reaction::reactions_are_counted_by_emoji_for_each_viewer,
    reaction::a_reaction_is_there_once,
    reaction::who_reacted_is_listed_in_pages,
    read::a_read_position_only_goes_forward,
    read::who_has_read_a_message_is_listed,
    read::whoever_comes_in_has_read_what_was_before,
    refusal::what_is_forbidden_changes_nothing,
    refusal::what_there_is_too_much_of_is_refused,
    resume::heads_are_those_of_ones_own_conversations,
    resume::a_replay_is_what_the_logs_tell_in_these_parts,
    revocation::every_end_of_a_session_is_told,
    revocation::every_change_of_a_user_is_told,
    revocation::whoever_reads_on_misses_nothing,
    revocation::what_is_told_is_forgotten_in_the_end,
    roster::a_roster_is_a_replay_of_the_log,
    scheduled::what_is_due_comes_in_the_order_of_time,
    scheduled::what_failed_is_shown_and_not_tried_again,
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
    search::small_blocks_are_joined,
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
    session::the_newest_session_comes_first,
    session::all_sessions_end_but_one,
    user::people_are_found_by_the_beginning_of_a_name,
    user::who_is_found_comes_in_pages,
    user::who_keeps_away_is_not_found,
    user::acquaintances_share_a_conversation,
    user::a_profile_is_changed_in_part,
    user::the_user_of_a_host_is_made_at_first_sight,
    user::many_see_the_user_of_a_host_at_once,
    user::who_is_disabled_is_shut_out,
}
