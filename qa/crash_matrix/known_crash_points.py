"""Calls with crash points, each with a fault in whose undisturbed life it is made; tests prove it.

A call has a point before it and one after it, a transaction one within besides.
"""

from typing import Final

_PLAIN: Final = "none: nothing goes wrong"
_ANIMATED: Final = "none: a picture moves"
_LOST: Final = "APIXO: submission: 504, task made"
_LIMITED: Final = "APIXO: submission: 429 twice"
_REFUSED: Final = "APIXO: submission: refused with 400"
_FAILED: Final = "APIXO: the task fails"
_ENDLESS: Final = "APIXO: the task never ends"
_DEAD: Final = "download: dead for ever"
_SOUND: Final = "download: sound alone twice"
_CALLED: Final = "callback: once"
_LOST_POST: Final = "Discord: post: 503 after effect"
_UNANSWERED: Final = "acknowledgement: done, reset"
_STORYBOARD: Final = "storyboard: nothing goes wrong"
_SHARED: Final = "share: nothing goes wrong"
_NOTIFIED: Final = "done-notification: nothing goes wrong"
_CLOSED: Final = "Discord: private, DMs closed"
_TAKES: Final = "takes: nothing goes wrong"
_THROWN_OUT: Final = "thrown out: three wait"

CRASH_POINTS: Final = {
    "apixo.fetch_balance": _PLAIN,
    "apixo.fetch_status": _PLAIN,
    "apixo.submit": _PLAIN,
    "callback.record": _CALLED,
    "database.migrate": _PLAIN,
    "discord.DELETE /channels/{channel_id}/messages/{message_id}": _PLAIN,
    "discord.GET /applications/{application_id}/commands": _PLAIN,
    "discord.GET /channels/{channel_id}/messages": _LOST_POST,
    "discord.GET /gateway/bot": _PLAIN,
    "discord.GET /oauth2/applications/@me": _PLAIN,
    "discord.GET /users/@me": _PLAIN,
    "discord.GET /users/{user_id}": _CLOSED,
    "discord.GET /webhooks/{webhook_id}/{webhook_token}/messages/@original": _UNANSWERED,
    "discord.PATCH /channels/{channel_id}/messages/{message_id}": _FAILED,
    "discord.PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original": _PLAIN,
    "discord.PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}": _CLOSED,
    "discord.POST /channels/{channel_id}/messages": _PLAIN,
    "discord.POST /interactions/{webhook_id}/{webhook_token}/callback": _PLAIN,
    "discord.POST /users/@me/channels": _CLOSED,
    "discord.POST /webhooks/{webhook_id}/{webhook_token}": _CLOSED,
    "download.chunk": _PLAIN,
    "download.end": _PLAIN,
    "download.open": _PLAIN,
    "gateway.close": _PLAIN,
    "gateway.identify": _PLAIN,
    "file.rename": _PLAIN,
    "file.write": _PLAIN,
    "shards.renew": _PLAIN,
    "shards.take": _PLAIN,
    "media.save_video": _PLAIN,
    "media.save_input": _ANIMATED,
    "media.keep_input": _ANIMATED,
    "media.restore_video": _PLAIN,
    "media.has_video": _SHARED,
    "media.remove_partial_files": _PLAIN,
    "media.remove_video": _SOUND,
    "media.read_high_water": _PLAIN,
    "media.raise_high_water": _PLAIN,
    "media.list_erasures": _PLAIN,
    "playback.check": _PLAIN,
    "publisher.delete_message": _PLAIN,
    "publisher.edit_answer": _PLAIN,
    "publisher.edit_status": _FAILED,
    "publisher.find_message": _LOST_POST,
    "publisher.find_obstacle": _PLAIN,
    "publisher.find_shared": _SHARED,
    "publisher.is_age_restricted": _SHARED,
    "publisher.max_file_bytes": _PLAIN,
    "publisher.notify_done": _NOTIFIED,
    "publisher.notify_released": _THROWN_OUT,
    "publisher.post_failure": _FAILED,
    "publisher.post_result": _PLAIN,
    "publisher.post_status": _PLAIN,
    "publisher.post_takes": _TAKES,
    "publisher.share": _SHARED,
    "transact.accept.accept": _PLAIN,
    "transact.share._record_post": _SHARED,
    "transact.notifications._keep": _NOTIFIED,
    "transact.admission.record_leaving": _THROWN_OUT,
    "transact.admission.register": _PLAIN,
    "transact.status_updates._search": _PLAIN,
    "transact.status_updates._shown": _PLAIN,
    "transact.worker._claim": _PLAIN,
    "transact.worker.drain": _PLAIN,
    "transact.callbacks.record_callback": _CALLED,
    "transact.deliver._record_delivery": _PLAIN,
    "transact.deliver._intend": _PLAIN,
    "transact.deliver_takes._record": _TAKES,
    "transact.groups.form_group": _TAKES,
    "transact.fetch_budget.fetching": _ANIMATED,
    "transact.films.drop_leases": _PLAIN,
    "transact.joining._intend": _STORYBOARD,
    "transact.posting._record": _STORYBOARD,
    "transact.progress._begin": _STORYBOARD,
    "transact.progress._join": _STORYBOARD,
    "transact.worker.run_once": _STORYBOARD,
    "transact.key_value.put_if_absent": _PLAIN,
    "transact.leases.beat": _PLAIN,
    "transact.leases.end": _PLAIN,
    "transact.notices.claim_message": _THROWN_OUT,
    "transact.notices.send_next": _THROWN_OUT,
    "transact.pending_interactions.claim": _UNANSWERED,
    "transact.pending_interactions.put": _CLOSED,
    "transact.pending_interactions.use": _CLOSED,
    "transact.release.release_waiting": _THROWN_OUT,
    "transact.restore.check_high_water": _PLAIN,
    "transact.scheduling.reschedule": _DEAD,
    "transact.poll._failed": _FAILED,
    "transact.poll._keep_waiting": _ENDLESS,
    "transact.poll._stuck": _ENDLESS,
    "transact.poll._succeeded": _PLAIN,
    "transact.recover.end_grace_period": _LOST,
    "transact.recover.park_lost_submissions": _PLAIN,
    "transact.recover.drop_stale_leases": _PLAIN,
    "transact.store._lost": _DEAD,
    "transact.store._stored": _PLAIN,
    "transact.submit._generating": _PLAIN,
    "transact.submit._pause": _LIMITED,
    "transact.submit._reject": _REFUSED,
    "transact.submit.park_unknown": _LOST,
}

HAND_OVER: Final = {
    "gateway.close",
    "gateway.identify",
    "gateway.resume",
    "shards.hand_over",
    "shards.inherit",
    "shards.renew",
    "shards.save_session",
    "shards.set_offered",
    "shards.take",
    "shards.take_identify_slot",
    "transact.leases.beat",
    "transact.leases.end",
}
"""Calls at which one of two processes is killed while shards change hands."""

OCCASIONAL: Final = {
    "gateway.resume": "where a connection was lost",
    "discord.GET /guilds/{guild_id}": "where a job is looked at between a removal and its release",
    "discord.PUT /applications/{application_id}/commands": "only with other commands than before",
    "publisher.send_result_by_dm": "where no channel takes the result",
    "publisher.send_takes_by_dm": "where no channel takes them",
    "transact.deliver_takes._form_anew": "where a copy knows of some takes that they are posted",
    "transact.deliver_takes._park": "where neither the channel nor the member can be written to",
    "transact.groups.fetch_again": "where the file of a take is missing",
    "transact.groups.find_group": "after a death between intent and post",
    "publisher.find_result_dm": "after a death between intent and post",
    "publisher.attach_files": "after a death between the status message and the submission",
    "transact.deliver._park": "where neither the channel nor the member can be written to",
    "transact.release.release_job": "where a job is looked at between a removal and its release",
    "transact.submit._record_submitted_at": "while Discord is asked whether the bot is out",
    "media.has_input": "where a shot begins with a frame, or a request's links have run out",
    "transact.orders.skip_shot": "where a death has parked a shot",
    "transact.progress._ask": "where a death has parked a shot",
    "transact.progress._end": "where a death has parked a shot",
    "transact.submit.requeue": "where the message that is to carry a frame is not posted yet",
    "transact.worker._renew": "where a film takes more than two seconds",
    "transact.worker._renew_leases": "where a job is under way when the heartbeat comes",
    "transact.alerts._show": "by a chore",
    "transact.store._quarantine": "where results cannot be looked into for a day",
    "transact.key_value.put": "only with other commands than before",
    "transact.reliability._swap": "by a chore",
    "transact.leavers.add_memberships": "by a chore",
    "transact.reconciliation.read_if_due": "by a chore",
    "transact.alerts.alert_parked_jobs": "by a chore",
    "transact.pending_interactions.release": "where Discord refuses a follow-up",
    "transact.pending_interactions.sweep_pending": "by a chore",
    "transact.settings.change": "by a manager",
    "transact.notices.send": "on PostgreSQL, where another process is to wake up",
}
"""Passed in some lives and not in others, and why."""

OTHER_FLOWS: Final = {
    "transact.leases.create_shards": "the first start on a database",
    "transact.leases.hand_over": "a process that ends gives its shards to others",
    "media.save_copy": "a smaller copy of what is too large for Discord",
    "publisher.attach_to_carrier": "more files than a status message carries",
    "publisher.delete_carrier": "more files than a status message carries",
    "publisher.find_carriers": "more files than a status message carries",
    "publisher.edit_takes": "a member deletes a take of several",
    "publisher.delete_result": "a member deletes a video",
    "publisher.delete_shared": "a member deletes a video",
    "publisher.delete_notice": "a member deletes what is kept of them",
    "publisher.remove_credit": "the member of a remix's origin deletes what is kept of them",
    "publisher.is_member": "a member may have left",
    "media.mark_erasure": "a member has everything deleted",
}
"""Calls that no order of one video makes by itself, with what makes them."""
