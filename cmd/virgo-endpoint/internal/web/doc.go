// Package web shows what the API says as pages: hosts, one host with plots, alarms.
package web
