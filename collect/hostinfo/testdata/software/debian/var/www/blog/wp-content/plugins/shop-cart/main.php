<?php
/**
 * Plugin Name:       Shop Cart
 * Version:           0.3.1-beta
 */
