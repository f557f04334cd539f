//go:build !unix

package folder

import "errors"

// Give returns an error: services of this system are not installed by the endpoint.
func Give(Dir, int, int) error { return errors.ErrUnsupported }
