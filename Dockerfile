FROM python:3.11-slim-bookworm
WORKDIR /baton
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 BATON_DATA=/data
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN useradd --system --home-dir /data baton && install -d -o baton -g baton -m 0700 /data
USER baton
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "web", "--host", "0.0.0.0", "--port", "8000"]
