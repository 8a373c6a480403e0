// Package picture makes small square pictures of what people upload, and refuses what is not a picture, or is a trap.
//
// A file is judged by its content, never by its name or by what the browser called it. Its dimensions are read before
// anything is decoded. What comes out is made from pixels alone: no metadata, no place where it was taken, no second file
// hidden behind the first.
package picture
