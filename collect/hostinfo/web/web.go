// Package web reads how web servers are set up and which applications they serve: Apache, nginx,
// PHP, WordPress and Magento.
//
// Sources are the servers' configuration files, with the files that they include, and the files of
// the applications below the servers' document roots. Programs are run only for their versions
// (apache2 -v, nginx -V, php -v, php -m). Configuration is read, not evaluated: macros, variables
// of the shell and conditions on requests are left out. A program that is not installed is an
// answer with installed false, not an error.
//
// Applications belong to users who must not learn what only root may read: links that lead out of a
// site are not followed, and of wp-config.php, app/etc/env.php and local.xml only single settings
// without secrets are picked.
package web

import "virgo/collect/hostinfo/source"

// Types returns the questions about web servers and their applications.
func Types() []source.Type {
	return []source.Type{
		apache2Type(),
		magentoType(),
		nginxConfigType(),
		phpType(),
		wordpressType(),
	}
}
