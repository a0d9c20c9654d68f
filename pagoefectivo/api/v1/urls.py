"""Addresses of the REST API. Each answers with and without its last slash: a redirect would lose a POST's body."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from pagoefectivo.api.v1 import orders, pages, refunds, settlements

described_patterns = [
    path("orders/", orders.Orders.as_view(), name="api-orders"),
    path("orders/<str:reference>/", orders.OneOrder.as_view(), name="api-order"),
    path("orders/<str:reference>/timeline/", orders.OrderTimeline.as_view(), name="api-order-timeline"),
    path("orders/<str:reference>/vouchers/", orders.OrderVouchers.as_view(), name="api-order-vouchers"),
    path("orders/<str:reference>/cancel/", orders.OrderCancel.as_view(), name="api-order-cancel"),
    path("orders/<str:reference>/extend/", orders.OrderExtend.as_view(), name="api-order-extend"),
    path("orders/<str:reference>/give-up/", orders.OrderGiveUp.as_view(), name="api-order-give-up"),
    path("orders/<str:reference>/refresh/", orders.OrderRefresh.as_view(), name="api-order-refresh"),
    path("orders/<str:reference>/refunds/", refunds.OrderRefunds.as_view(), name="api-order-refunds"),
    path("refunds/<str:refund_id>/", refunds.OneRefund.as_view(), name="api-refund"),
    path("refunds/<str:refund_id>/approve/", refunds.RefundApprove.as_view(), name="api-refund-approve"),
    path("refunds/<str:refund_id>/decline/", refunds.RefundDecline.as_view(), name="api-refund-decline"),
    path("refunds/<str:refund_id>/cancel/", refunds.RefundCancel.as_view(), name="api-refund-cancel"),
    path("refunds/<str:refund_id>/retry/", refunds.RefundRetry.as_view(), name="api-refund-retry"),
    path("refunds/<str:refund_id>/destination/", refunds.RefundDestination.as_view(), name="api-refund-destination"),
    path("settlements/", settlements.Settlements.as_view(), name="api-settlements"),
    path("settlements/<int:settlement_id>/", settlements.OneSettlement.as_view(), name="api-settlement"),
    path(
        "settlements/<int:settlement_id>/differences/",
        settlements.SettlementDifferences.as_view(),
        name="api-settlement-differences",
    ),
]
_pages = [
    path("schema/", pages.SchemaView.as_view(), name="api-schema"),
    path("docs/", pages.DocsView.as_view(), name="api-docs"),
]


def _without_slash(pattern: URLPattern) -> URLPattern:
    return path(str(pattern.pattern).removesuffix("/"), pattern.callback)


urlpatterns = [
    *described_patterns,
    *_pages,
    *(_without_slash(pattern) for pattern in [*described_patterns, *_pages]),
    re_path(r"", pages.Nowhere.as_view()),
]
