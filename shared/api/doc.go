// Package api holds the types of the API's requests and responses, generated from infra/openapi.yaml. A required field is
// a plain value, an optional one a pointer; httpapi.Decode reads the difference from the json tags.
package api

//go:generate ../../infra/generate.sh
