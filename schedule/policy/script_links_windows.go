package policy

// followTrusted returns the glob as it is: links are followed on the path that is used, and not trusted.
func followTrusted(pattern string) string { return pattern }
