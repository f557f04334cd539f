// Package webhook posts notifications as signed JSON.
//
// The body is that of notify.Message.JSON. The headers are those of the Standard Webhooks specification, so receivers
// can verify with its libraries: webhook-id is the message's id, which stays the same when it is sent again;
// webhook-timestamp is when it was sent, in seconds; webhook-signature is "v1," and the base64 of the HMAC-SHA256 of
// "id.timestamp.body" with the key. A receiver refuses what is older than a few minutes, and what it had: then nobody can
// replay a request.
//
// An answer of 2xx takes the message over. One that says that this very message will never be taken (400, 410, 413,
// 415, 422) ends it; everything else is repeated, so that a receiver whose token was changed gets what it missed.
// Redirects are not followed. Of an answer nothing but its status is in an error: it could quote the request.
package webhook
