<?php
/**
 * Contains version information for the current release.
 *
 * @package WordPress
 */

/**
 * The version of WordPress.
 *
 * @global string $wp_version
 */
$wp_version = '6.8.2';

/**
 * @global int $wp_db_version
 */
$wp_db_version = 60421;
