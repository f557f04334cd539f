<?php
/**
 * @package Akismet
 */
/*
Plugin Name: Akismet Anti-spam: Spam Protection
Plugin URI: https://akismet.com/
Description: Keeps spam out.
Version: 5.5
Requires at least: 5.8
Author: Automattic
License: GPLv2 or later
*/
