// Package webhook posts notifications as signed JSON.
package webhook
