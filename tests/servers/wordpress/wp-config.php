<?php
// The blog of the tests. In: WP_TEST_URL (its address), WP_TEST_SOCKET (its database).
define('DB_NAME', 'wp');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:' . getenv('WP_TEST_SOCKET'));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define("{$name}_KEY", "$name key of the tests");
    define("{$name}_SALT", "$name salt of the tests");
}
define('WP_HOME', getenv('WP_TEST_URL'));
define('WP_SITEURL', getenv('WP_TEST_URL'));
define('WP_ENVIRONMENT_TYPE', 'local'); // application passwords without https
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_CONTENT_DIR', __DIR__ . '/wp-content');
define('WP_DEBUG', false);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
