// Package trust reads what a check's details say of TLS, whom to trust and as whom to show oneself, and the files that
// they name for it. What is made of it, a server that is refused or a fact that is told, is the business of who asks.
package trust
