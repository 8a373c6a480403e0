// Package files is the deployment's one bucket: pictures, what people upload, what is exported for them.
//
// Nobody can reach the bucket except by a form or a link that is signed here, for one key and some minutes, after the
// rights were checked. Every key except an inbound mail's names the customer and the user to whom it belongs (keys.go).
//
// The calls are signed and made here: the SDK's client for S3 would add 1.3 MB to every function that links it
// (docs/decisions/018-files.md).
package files
