// Package files is the deployment's one bucket: pictures, what people upload, what is exported for them.
//
// Nobody reaches the bucket but by a form or a link that is signed here, for one key and some minutes, after the rights
// were checked; and every key names the customer and the user whom it belongs to (keys.go).
//
// The calls are signed and made here: the SDK's client for S3 is 1.3 MB of every function that links it
// (docs/decisions/018-files.md).
package files
